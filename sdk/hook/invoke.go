package hook

import (
	"context"

	"google.golang.org/protobuf/proto"
)

// Invoker carries a call of a point to where the hook runs. Hosts implement it:
// the script host by calling the point's export, the process host over gRPC.
type Invoker interface {
	// Invoke sends request, of the point's request type, and fills response, of its
	// response type; one that stays empty is no answer. It may be called from many
	// goroutines at once and returns soon after ctx ends. Errors are those that
	// hooks return: of Refuse, Invalid, Unreachable, ErrUnknownRpc, else a failure.
	Invoke(ctx context.Context, p Point, request, response proto.Message) error
}

// Remote serves every point through an Invoker. Which of them the hook behind it
// serves is for its host to say.
type Remote struct{ Invoker }
