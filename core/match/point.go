package match

// Point is a place between two steps of a match: what is before it is saved, what
// is after it has not begun.
type Point string

// The points of a match in their order.
const (
	PointStarting  Point = "starting"  // the start is saved
	PointBalanced  Point = "balanced"  // the teams are
	PointValidated Point = "validated" // no hook refused
	PointPayload   Point = "payload"   // the payload is made
	PointAsking    Point = "asking"    // it is saved which provider will be asked
	PointAllocated Point = "allocated" // the provider has given a server
	PointCommitted Point = "committed" // the match has begun, nobody was told
	PointRecorded  Point = "recorded"  // its end is recorded, nobody was told
	PointUntold    Point = "untold"    // its end is saved for the lobby, nobody was told; of a start that fails, too
	PointEnded     Point = "ended"     // all were told, the server is not released
)

// at tells that a match has come to a point.
func (s *Service) at(matchID string, p Point) {
	if s.reached != nil {
		s.reached(matchID, p)
	}
}
