package script

import (
	"context"
	"maps"
	"slices"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/runtime/script/fetch"
)

// fetch is ctx.fetch.
func (c *call) fetch(args goja.FunctionCall) goja.Value {
	request := fetch.Request{Method: "GET", URL: c.text(args, 0, "fetch", "an address")}
	if init, ok := args.Argument(1).(*goja.Object); ok {
		c.fetchInit(&request, init)
	}
	client := c.fetcher()
	return begin(c, func(ctx context.Context) (*fetch.Response, error) { return client.Do(ctx, request) }, c.fetched)
}

// fetcher is who asks other servers.
func (c *call) fetcher() Fetcher {
	client := c.machine.version.options.Fetch
	if client == nil {
		client = noFetcher{}
	}
	if c.tape != nil {
		client = tapedFetcher{client}
	}
	return client
}

// noFetcher stands where the config allows nothing.
type noFetcher struct{}

func (noFetcher) Do(context.Context, fetch.Request) (*fetch.Response, error) {
	return nil, &fetch.Error{Code: fetch.CodeRefused, Text: "the game's config allows no addresses: add them to fetch { allow = [...] } of the hooks block"}
}

func (c *call) fetchInit(request *fetch.Request, init *goja.Object) {
	if method := c.member(init, "method"); method != "" {
		request.Method = method
	}
	if body := init.Get("body"); body != nil && !goja.IsUndefined(body) && !goja.IsNull(body) {
		text, ok := body.(goja.String)
		if !ok {
			panic(c.machine.vm.NewTypeError("body must be text, is %s: use JSON.stringify", describe(body)))
		}
		request.Body = []byte(text.String())
	}
	if headers, ok := init.Get("headers").(*goja.Object); ok {
		if className(headers) != "" {
			panic(c.machine.vm.NewTypeError("headers must be an object, is %s", describe(headers)))
		}
		request.Headers = map[string]string{}
		for _, name := range headers.Keys() {
			request.Headers[name] = c.member(headers, name)
		}
	}
}

// fetched is the object of an answer.
func (c *call) fetched(r *fetch.Response) goja.Value {
	m := c.machine
	vm := m.vm
	headers := vm.NewObject()
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) { // in one order always
		m.put(headers, name, vm.ToValue(r.Headers[name]))
	}
	body := string(r.Body)
	o := vm.NewObject()
	m.put(o, "status", vm.ToValue(r.Status))
	m.put(o, "ok", vm.ToValue(r.Status >= 200 && r.Status < 300))
	m.put(o, "headers", headers)
	m.put(o, "text", vm.ToValue(func(goja.FunctionCall) goja.Value { return vm.ToValue(body) }))
	m.put(o, "json", vm.ToValue(func(goja.FunctionCall) goja.Value { return m.parse(r.Body) }))
	return o
}
