package lobby

// Count is how many lobbies there are, for metrics.
func (s *Service) Count() int { return s.list.count() }
