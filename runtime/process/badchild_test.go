//go:build linux

package process

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	goplugin "github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// muteSocket listens where it should and never answers.
func muteSocket() {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc|\n", path)
	for {
		if _, err := listener.Accept(); err != nil {
			panic(err)
		}
	}
}

// liarMain describes itself as TEST_DESCRIPTION says, and serves nothing.
func liarMain() {
	var d pluginpb.DescribeResponse
	if err := protojson.Unmarshal([]byte(os.Getenv("TEST_DESCRIPTION")), &d); err != nil {
		panic(err)
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{wire.Version: {wire.Set: &liar{description: &d}}},
		GRPCServer:       goplugin.DefaultGRPCServer,
	})
}

type liar struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginpb.UnimplementedPluginServer
	description *pluginpb.DescribeResponse
}

func (l *liar) GRPCServer(_ *goplugin.GRPCBroker, to *grpc.Server) error {
	pluginpb.RegisterPluginServer(to, l)
	return nil
}

func (l *liar) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	panic("not here")
}

func (l *liar) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return l.description, nil
}

func (l *liar) Configure(context.Context, *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	return &pluginpb.ConfigureResponse{}, nil
}

// spawnSleeper starts a child of the plugin that holds its output open.
func spawnSleeper() int {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"TEST_CHILD=silent"}
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "out"), os.NewFile(2, "err")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd.Process.Pid
}

// parentMain is a Muster that starts a plugin of a mode, says so and waits to be
// killed.
func parentMain(mode string) {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p, err := Start(context.Background(), Options{
		Name: "tested", Command: []string{exe}, Development: true,
		Env: map[string]string{"TEST_CHILD": mode, "TEST_DESCRIPTION": os.Getenv("TEST_DESCRIPTION")},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Status().PID)
	select {}
}

// noDeathSignal is the mode of a plugin that the kernel does not end with its
// parent, as on other systems.
const noDeathSignal = "no death signal"

// The signal belongs to the first thread, which runs this.
func init() {
	if os.Getenv("TEST_CHILD") == noDeathSignal {
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
			panic(err)
		}
	}
}
