package process

import (
	"context"
	"crypto/tls"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// Bounds of what a plugin asks of the platform.
const (
	maxAsked     = 1 << 20 // bytes of one request
	maxAsking    = 64      // requests at once
	askedTimeout = 10 * time.Second
)

// callbacks serve the platform to one process.
type callbacks struct {
	id     uint32
	server *grpc.Server
	served chan struct{}
}

// offer opens a socket through which the plugin reaches host, as far as admit lets it.
func offer(broker *goplugin.GRPCBroker, encryption *tls.Config, host func(string) (hook.Host, bool), admit grpc.UnaryServerInterceptor) (*callbacks, error) {
	if host == nil {
		host = func(string) (hook.Host, bool) { return nil, false }
	}
	id := broker.NextId()
	listener, err := broker.Accept(id)
	if err != nil {
		return nil, err
	}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxAsked), grpc.MaxConcurrentStreams(maxAsking), grpc.ChainUnaryInterceptor(bounded, admit),
	}
	if encryption != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(encryption)))
	}
	c := &callbacks{id: id, server: grpc.NewServer(options...), served: make(chan struct{})}
	pluginpb.RegisterHostServer(c.server, wire.NewHostServer(host))
	go func() {
		defer close(c.served)
		_ = c.server.Serve(listener)
	}()
	return c, nil
}

// bounded ends a request that a plugin gave no deadline.
func bounded(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, askedTimeout)
	defer cancel()
	return next(ctx, r)
}

func (c *callbacks) close() {
	c.server.Stop()
	<-c.served
}
