package examples_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "github.com/muster-gg/muster/sdk/hook"
	_ "github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// descriptors is the contract as plugins in Python read it.
const descriptors = "python-validate/muster.binpb"

var update = flag.Bool("update", false, "write "+descriptors+" anew")

// contract describes every file of the contract, each after those that it imports.
// Google's own are left out: every protobuf library has them.
func contract() *descriptorpb.FileDescriptorSet {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] || f.Package() != "muster.v1" {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	var files []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("muster.v1", func(f protoreflect.FileDescriptor) bool {
		files = append(files, f)
		return true
	})
	slices.SortFunc(files, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	for _, f := range files {
		add(f)
	}
	return set
}

// TestDescriptorsAreFresh holds the file for Python against the Go code that was
// generated from the same contract.
func TestDescriptorsAreFresh(t *testing.T) {
	want := contract()
	if *update {
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(descriptors, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	have := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(data, have); err != nil {
		t.Fatal(err)
	}
	if len(want.GetFile()) < 10 || !proto.Equal(want, have) {
		t.Errorf("%s is stale: go test ./plugins/examples -run TestDescriptorsAreFresh -update", descriptors)
	}
}
