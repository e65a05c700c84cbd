// Command generate compiles .proto files and feeds them to protoc plugins: what
// protoc or buf would do, with nothing but Go on the machine.
//
//	generate -proto DIR -out DIR -module PATH [-check] PLUGIN…
//
// A PLUGIN is the command line of a protoc plugin ("go tool protoc-gen-go"); it
// runs in the current folder. With a Go package's folder before it
// ("sdk/pb: go tool protoc-gen-go-grpc") it makes the files of that package only. Files land below -out, by their import path without
// -module. With -check nothing is written: stale files are named, and the exit
// status is 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	protos := flags.String("proto", "", "root `folder` of the .proto files")
	out := flags.String("out", "", "`folder` that generated files are written below")
	module := flags.String("module", "", "Go module `path` of that folder")
	check := flags.Bool("check", false, "only say which files are stale")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *protos == "" || *out == "" || *module == "" || flags.NArg() == 0 {
		return errors.New("-proto, -out, -module and at least one plugin are needed")
	}
	request, err := compile(ctx, *protos)
	if err != nil {
		return err
	}
	made := map[string]string{}
	for _, plugin := range flags.Args() {
		if err := runPlugin(ctx, plugin, *module, request, made); err != nil {
			return fmt.Errorf("%s: %w", plugin, err)
		}
	}
	if *check {
		return compare(*out, made)
	}
	return write(*out, made)
}
