package plugin

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/sdk/hook"
)

// TestMain is the tests, and a plugin that is started by hand, and a process that
// ends with its parent.
func TestMain(m *testing.M) {
	switch os.Getenv("TEST_CHILD") {
	case "":
		goleak.VerifyTestMain(m)
	case "by hand":
		Serve(&everything{}, Info{Name: "Every Thing", Version: "2.1.0", Doc: "Serves all there is."})
	case "mistaken":
		Serve(&struct{ Base }{})
	case "watch":
		endWithParent()
		fmt.Println("watching")
		<-time.After(time.Minute)
	}
}

// everything has a setting of each type, and points of each kind.
type everything struct {
	Base
	Text    string            `setting:"text,required" doc:"A text."`
	Key     string            `setting:"api_key,secret,required"`
	Mode    string            `setting:"mode" default:"soft" oneof:"soft hard" doc:"How."`
	On      bool              `setting:"on" default:"true"`
	Count   int               `setting:"count" default:"-3"`
	Share   float64           `setting:"share" default:"0.25"`
	Wait    time.Duration     `setting:"wait" default:"1m30s"`
	List    []string          `setting:"list" default:"a, b"`
	Map     map[string]string `setting:"map" default:"x=1, y=2"`
	Plain   string            `setting:"plain"`
	private int
}

func (*everything) Authenticate(context.Context, *hook.AuthRequest) (*hook.Identity, error) {
	return nil, nil
}
func (*everything) Allocate(context.Context, *hook.AllocateRequest) (*hook.Server, error) {
	return nil, nil
}
func (*everything) ValidateStart(context.Context, *hook.Lobby) error { return nil }
