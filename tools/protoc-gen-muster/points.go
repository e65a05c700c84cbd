package main

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const optionName = "muster.v1.point"

// point is an extension point as its service declares it.
type point struct {
	service *protogen.Service
	method  *protogen.Method
	// name and export are the names in config.hcl and in scripts.
	name, export string
	// kind and onFailure are the option's words without their prefix: "gate", "refuse".
	kind, onFailure   string
	mayRefuse, spread bool
}

// readPoints finds the services that are points, in the order of the files. Files
// that have none may hold other services; those that have some hold nothing else,
// so that no point is forgotten.
func readPoints(plugin *protogen.Plugin) ([]point, error) {
	files, err := protodesc.NewFiles(&descriptorpb.FileDescriptorSet{File: plugin.Request.ProtoFile})
	if err != nil {
		return nil, err
	}
	types := dynamicpb.NewTypes(files)
	var points []point
	names := map[string]bool{}
	for _, file := range plugin.Files {
		if !file.Generate {
			continue
		}
		found, err := readFile(file, types)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			if names[p.name] {
				return nil, fmt.Errorf("service %s: there is another point %q", p.service.Desc.FullName(), p.name)
			}
			names[p.name] = true
		}
		points = append(points, found...)
	}
	return points, nil
}

// readFile finds the points of one file.
func readFile(file *protogen.File, types *dynamicpb.Types) ([]point, error) {
	var points []point
	for _, service := range file.Services {
		option, err := readOption(service, types)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", service.Desc.FullName(), err)
		}
		if option == nil {
			continue
		}
		p, err := readPoint(service, option)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", service.Desc.FullName(), err)
		}
		points = append(points, p)
	}
	if len(points) > 0 && len(points) < len(file.Services) {
		return nil, fmt.Errorf("%s: a service has the option %s, another has not", file.Desc.Path(), optionName)
	}
	return points, nil
}

// readOption returns the option of one service, nil if it has none. The plugin has
// no Go type for it, so it is read by its descriptor.
func readOption(service *protogen.Service, types *dynamicpb.Types) (protoreflect.Message, error) {
	raw, err := proto.Marshal(service.Desc.Options())
	if err != nil {
		return nil, err
	}
	var options descriptorpb.ServiceOptions
	if err := (proto.UnmarshalOptions{Resolver: types}).Unmarshal(raw, &options); err != nil {
		return nil, err
	}
	var value protoreflect.Message
	options.ProtoReflect().Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if d.FullName() == optionName {
			value = v.Message()
		}
		return value == nil
	})
	return value, nil
}

// readPoint reads what the option says of a service.
func readPoint(service *protogen.Service, value protoreflect.Message) (point, error) {
	if len(service.Methods) != 1 {
		return point{}, errors.New("a point has exactly one method")
	}
	field := func(name protoreflect.Name) protoreflect.Value {
		return value.Get(value.Descriptor().Fields().ByName(name))
	}
	word := func(name protoreflect.Name, prefix string) string {
		d := value.Descriptor().Fields().ByName(name).Enum()
		v := d.Values().ByNumber(field(name).Enum())
		if v == nil {
			return ""
		}
		return strings.ToLower(strings.TrimPrefix(string(v.Name()), prefix))
	}
	p := point{
		service: service, method: service.Methods[0],
		name: field("name").String(), export: field("export").String(),
		kind: word("kind", "KIND_"), onFailure: word("on_failure", "ON_FAILURE_"),
		mayRefuse: field("may_refuse").Bool(), spread: field("spread").Bool(),
	}
	for _, w := range []string{p.name, p.export, p.kind, p.onFailure} {
		if w == "" || w == "unspecified" {
			return point{}, fmt.Errorf("%s needs name, export, kind and on_failure", optionName)
		}
	}
	return p, nil
}

// constant is the Go name of the point's constant.
func (p point) constant() string {
	parts := strings.Split(p.name, "_")
	for i, w := range parts {
		parts[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return "Point" + strings.Join(parts, "")
}

// decides reports whether the answer is a yes or a no: an error in Go.
func (p point) decides() bool { return p.method.Output.Desc.FullName() == "muster.v1.Decision" }

// silent reports whether there is no answer.
func (p point) silent() bool { return len(p.method.Output.Fields) == 0 }

// wrapped reports whether the response was made for this method alone, so that an
// empty one is an answer too.
func (p point) wrapped() bool { return p.method.Output.GoIdent.GoName == p.method.GoName+"Response" }

// lone reports whether the response's only field is the answer itself.
func (p point) lone() bool { return p.spread && p.wrapped() && len(p.method.Output.Fields) == 1 }
