package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// renderCalls writes calls.gen.go beside the messages of file: what turns messages
// into calls, and calls into messages.
func renderCalls(plugin *protogen.Plugin, file *protogen.File, points []point) error {
	g := newFile(plugin, file, "calls.gen.go")
	renderNew(g, points, "request", func(p point) *protogen.Message { return p.method.Input })
	renderNew(g, points, "response", func(p point) *protogen.Message { return p.method.Output })
	g.P("// Dispatch calls impl's method of the point with the message request and returns")
	g.P("// the response message. No answer is an empty response; of a point that decides,")
	g.P("// it is Decision{allow: true}, and a refusal is an error. It fails when impl does")
	g.P("// not serve the point, or request is of another type.")
	g.P("func (p Point) Dispatch(ctx ", contextType, ", impl any, request ", messageType, ") (", messageType, ", error) {")
	g.P("switch p {")
	for _, p := range points {
		renderDispatch(g, p)
	}
	g.P("}")
	g.P("return nil, ", protogen.GoIdent{GoName: "Errorf", GoImportPath: "fmt"}, `("hook: there is no extension point %q", string(p))`)
	g.P("}")
	g.P()
	renderGuards(g, points)
	for _, p := range points {
		if err := renderRemote(g, p); err != nil {
			return fmt.Errorf("service %s: %w", p.service.Desc.FullName(), err)
		}
	}
	return nil
}

// renderNew writes what makes an empty message of each point.
func renderNew(g *protogen.GeneratedFile, points []point, what string, message func(point) *protogen.Message) {
	name := "New" + strings.ToUpper(what[:1]) + what[1:]
	g.P("// ", name, " returns an empty ", what, " of the point, nil if there is no such point.")
	g.P("func (p Point) ", name, "() ", messageType, " {")
	g.P("switch p {")
	for _, p := range points {
		g.P("case ", p.constant(), ":")
		g.P("return new(", message(p).GoIdent, ")")
	}
	g.P("}")
	g.P("return nil")
	g.P("}")
	g.P()
}

// renderDispatch writes one case of Dispatch.
func renderDispatch(g *protogen.GeneratedFile, p point) {
	out := g.QualifiedGoIdent(p.method.Output.GoIdent)
	arguments := ", r"
	if p.spread {
		arguments = ""
		for _, f := range p.method.Input.Fields {
			arguments += ", r.Get" + f.GoName + "()"
		}
	}
	call := "h." + p.method.GoName + "(ctx" + arguments + ")"
	g.P("case ", p.constant(), ":")
	g.P("return dispatch(p, impl, request, func(h ", p.service.GoName, ", r *", p.method.Input.GoIdent, ") (*", out, ", error) {")
	switch {
	case p.decides():
		g.P("return &", out, "{Allow: true}, ", call)
	case p.silent():
		g.P("return &", out, "{}, ", call)
	case p.lone():
		g.P("answer, err := ", call)
		g.P("return &", out, "{", p.method.Output.Fields[0].GoName, ": answer}, err")
	default:
		g.P("return ", call)
	}
	g.P("})")
}

// renderGuards writes that Remote serves every point.
func renderGuards(g *protogen.GeneratedFile, points []point) {
	g.P("var (")
	for _, p := range points {
		g.P("_ ", p.service.GoName, " = Remote{}")
	}
	g.P(")")
	g.P()
}

// renderRemote writes one method of Remote.
func renderRemote(g *protogen.GeneratedFile, p point) error {
	signature, err := signature(g, p)
	if err != nil {
		return err
	}
	request := p.parameter()
	if p.spread {
		var fields []string
		for _, f := range p.method.Input.Fields {
			fields = append(fields, f.GoName+": "+f.Desc.JSONName())
		}
		request = "&" + g.QualifiedGoIdent(p.method.Input.GoIdent) + "{" + strings.Join(fields, ", ") + "}"
	}
	g.P("// ", p.method.GoName, " is that of ", p.service.GoName, ".")
	g.P("func (r Remote) ", signature, " {")
	renderInvoke(g, p, request)
	g.P("}")
	g.P()
	return nil
}

// renderInvoke writes the body of a method of Remote.
func renderInvoke(g *protogen.GeneratedFile, p point, request string) {
	out := g.QualifiedGoIdent(p.method.Output.GoIdent)
	switch {
	case p.silent():
		g.P("return r.Invoke(ctx, ", p.constant(), ", ", request, ", new(", out, "))")
		return
	case !p.wrapped() && !p.decides():
		g.P("return invoke[", out, "](ctx, r.Invoker, ", p.constant(), ", ", request, ")")
		return
	}
	failed, answered := "nil, err", "answer, nil"
	switch {
	case p.decides():
		failed, answered = "err", "answer.Err()"
	case p.lone():
		failed, answered = `"", err`, "answer.Get"+p.method.Output.Fields[0].GoName+"(), nil"
		if p.method.Output.Fields[0].Message != nil {
			failed = "nil, err"
		}
	}
	g.P("answer := new(", out, ")")
	g.P("if err := r.Invoke(ctx, ", p.constant(), ", ", request, ", answer); err != nil {")
	g.P("return ", failed)
	g.P("}")
	g.P("return ", answered)
}
