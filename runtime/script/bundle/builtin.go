package bundle

import (
	"fmt"
	"slices"
	"strings"
)

// builtins are the modules of Node.js. A package of the same name in node_modules
// is used all the same.
var builtins = []string{
	"assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram", "diagnostics_channel", "dns",
	"domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode",
	"querystring", "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm",
	"wasi", "worker_threads", "zlib",
}

// builtin is the error for a module of Node.js; nil for another name.
func builtin(spec string) error {
	name := strings.TrimPrefix(spec, "node:")
	first, _, _ := strings.Cut(name, "/")
	if name == spec && !slices.Contains(builtins, first) {
		return nil
	}
	instead := "hooks run without Node.js"
	switch first {
	case "http", "https", "http2", "net", "tls", "dns", "dgram":
		instead = "hooks reach other servers by ctx.fetch"
	case "fs":
		instead = "hooks have no files; ctx.storage keeps data"
	case "crypto":
		instead = "hooks have ctx.random"
	case "timers", "perf_hooks":
		instead = "hooks have ctx.now"
	}
	return fmt.Errorf("%q is a module of Node.js: %s", spec, instead)
}
