package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// jsonType is the message that stands for any JSON value.
const jsonType = "google.protobuf.Value"

// exportType is the name of the type of the point's export.
func (p point) exportType() string {
	if p.named() || p.kind == "event" {
		return p.service.GoName + "s"
	}
	return upperFirst(p.export)
}

// named reports whether the export is a map of functions that the script names.
func (p point) named() bool { return p.export == "rpc" }

// kinds are the alternatives of an event.
func (p point) kinds() []*protogen.Field {
	for _, o := range p.method.Input.Oneofs {
		if !o.Desc.IsSynthetic() {
			return o.Fields
		}
	}
	return nil
}

// answerType is what the point's function returns.
func (p point) answerType() (string, error) {
	switch {
	case p.silent():
		return "void", nil
	case p.decides():
		return "boolean | Partly<" + p.method.Output.GoIdent.GoName + "> | Nothing", nil
	case p.lone():
		t, err := typeOf(p.method.Output.Fields[0])
		return t + " | Nothing", err
	}
	return "Partly<" + p.method.Output.GoIdent.GoName + "> | Nothing", nil
}

// scriptMessages are those that scripts see, in the order of the files.
func scriptMessages(plugin *protogen.Plugin, points []point) ([]*protogen.Message, error) {
	seen := map[protoreflect.FullName]bool{}
	for _, p := range points {
		switch {
		case p.named():
			// Scripts see its fields: as the payload, as ctx.player.
			seeFields(seen, p.method.Input.Fields)
			continue
		case p.kind == "event":
			seeFields(seen, p.kinds())
		case p.spread:
			seeFields(seen, p.method.Input.Fields)
		default:
			see(seen, p.method.Input)
		}
		if p.lone() {
			seeFields(seen, p.method.Output.Fields)
		} else if !p.silent() {
			see(seen, p.method.Output)
		}
	}
	taken := map[string]bool{}
	for _, p := range points {
		taken[p.exportType()] = true
	}
	var list []*protogen.Message
	for _, file := range plugin.Files {
		for _, m := range file.Messages {
			if !seen[m.Desc.FullName()] {
				continue
			}
			if taken[m.GoIdent.GoName] {
				return nil, fmt.Errorf("message %s: an export's type has that name", m.Desc.FullName())
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// see marks a message and all that it is made of.
func see(seen map[protoreflect.FullName]bool, m *protogen.Message) {
	if name := m.Desc.FullName(); !seen[name] && name != jsonType {
		seen[name] = !m.Desc.IsMapEntry()
		seeFields(seen, m.Fields)
	}
}

func seeFields(seen map[protoreflect.FullName]bool, fields []*protogen.Field) {
	for _, f := range fields {
		if f.Message != nil {
			see(seen, f.Message)
		}
	}
}

// typeOf is the TypeScript type of a field.
func typeOf(f *protogen.Field) (string, error) {
	if f.Desc.IsMap() {
		value, err := typeOf(f.Message.Fields[1])
		if key := f.Desc.MapKey().Kind(); key != protoreflect.StringKind {
			return "", fmt.Errorf("%s: the keys of a map are strings, not %s", f.Desc.Name(), key)
		}
		return "Record<string, " + value + ">", err
	}
	name := ""
	switch f.Desc.Kind() {
	case protoreflect.StringKind:
		name = "string"
	case protoreflect.BoolKind:
		name = "boolean"
	case protoreflect.MessageKind:
		name = f.Message.GoIdent.GoName
		if f.Message.Desc.FullName() == jsonType {
			name = "Json"
		}
	case protoreflect.BytesKind, protoreflect.EnumKind, protoreflect.GroupKind:
		return "", fmt.Errorf("%s: scripts have no %s", f.Desc.Name(), f.Desc.Kind())
	default:
		name = "number"
	}
	if f.Desc.IsList() {
		name += "[]"
	}
	return name, nil
}
