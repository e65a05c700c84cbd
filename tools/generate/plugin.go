package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"
)

// runPlugin runs one protoc plugin over all files, or those of the one Go package
// that stands before its command, and adds what it made, by path.
func runPlugin(ctx context.Context, plugin, module string, all *pluginpb.CodeGeneratorRequest, made map[string]string) error {
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: all.FileToGenerate, ProtoFile: all.ProtoFile, Parameter: new("module=" + module),
	}
	command := strings.Fields(plugin)
	if len(command) == 0 {
		return errors.New("there is no command")
	}
	if dir, only := strings.CutSuffix(command[0], ":"); only {
		command = command[1:]
		request.FileToGenerate = packageFiles(all, path.Join(module, dir))
	}
	if len(command) == 0 || len(request.FileToGenerate) == 0 {
		return errors.New("there is no command, or no file of that package")
	}
	in, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return err
	}
	if response.Error != nil {
		return errors.New(response.GetError())
	}
	for _, f := range response.File {
		if _, twice := made[f.GetName()]; twice || f.GetInsertionPoint() != "" || !filepath.IsLocal(f.GetName()) {
			return fmt.Errorf("cannot place the file %q", f.GetName())
		}
		made[f.GetName()] = f.GetContent()
	}
	return nil
}

// packageFiles are the files to generate whose Go package has that import path.
func packageFiles(all *pluginpb.CodeGeneratorRequest, importPath string) []string {
	var names []string
	for _, f := range all.ProtoFile {
		declared, _, _ := strings.Cut(f.GetOptions().GetGoPackage(), ";")
		if declared == importPath && slices.Contains(all.FileToGenerate, f.GetName()) {
			names = append(names, f.GetName())
		}
	}
	return names
}

// write puts the files where they belong; those that are as they should be are
// not touched.
func write(out string, made map[string]string) error {
	for name, content := range made {
		file := filepath.Join(out, filepath.FromSlash(name))
		if old, err := os.ReadFile(file); err == nil && string(old) == content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
	}
	old, err := leftovers(out, made)
	for _, name := range old {
		err = errors.Join(err, os.Remove(filepath.Join(out, filepath.FromSlash(name))))
	}
	return err
}

// leftovers are generated files in the folders of the others that nothing makes
// any more.
func leftovers(out string, made map[string]string) ([]string, error) {
	var old []string
	seen := map[string]bool{}
	for name := range made {
		dir := path.Dir(name)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		entries, err := os.ReadDir(filepath.Join(out, filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			n := path.Join(dir, e.Name())
			_, wanted := made[n]
			if !wanted && (strings.HasSuffix(n, ".pb.go") || strings.HasSuffix(n, ".gen.go")) {
				old = append(old, n)
			}
		}
	}
	return old, nil
}

// compare names the files that are not as they should be.
func compare(out string, made map[string]string) error {
	stale, err := leftovers(out, made)
	if err != nil {
		return err
	}
	for name, content := range made {
		old, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err != nil || string(old) != content {
			stale = append(stale, name)
		}
	}
	if len(stale) > 0 {
		slices.Sort(stale)
		return fmt.Errorf("stale, run `make generate`: %s", strings.Join(stale, ", "))
	}
	return nil
}
