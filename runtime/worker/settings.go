package worker

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// packed is a bundle as it travels to the worker.
type packed struct {
	Code    string
	Map     []byte
	Exports []string
	Hash    string
}

// pack makes a setting of a bundle.
func pack(b *bundle.Result) (string, error) {
	var data bytes.Buffer
	w, err := gzip.NewWriterLevel(&data, gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	err = json.NewEncoder(w).Encode(packed{Code: b.Code, Map: b.SourceMap, Exports: b.Exports, Hash: b.Hash})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", err
	}
	text := base64.StdEncoding.EncodeToString(data.Bytes())
	if len(text) > wire.MaxMessage-64<<10 {
		return "", fmt.Errorf("the bundle is too large for a process of its own: %d KiB, packed", len(text)>>10)
	}
	return text, nil
}

// unpack is the other end of pack.
func unpack(text string) (*bundle.Result, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var p packed
	if err := json.NewDecoder(r).Decode(&p); err != nil {
		return nil, err
	}
	return &bundle.Result{Code: p.Code, SourceMap: p.Map, Exports: p.Exports, Hash: p.Hash}, nil
}

// settings are those of hosted. again says that the script has been loaded before.
func (o *Options) settings(bundled string, again bool) (*structpb.Struct, error) {
	allow := make([]any, len(o.Allow))
	for i, host := range o.Allow {
		allow[i] = host
	}
	return structpb.NewStruct(map[string]any{
		"game": o.Game, "name": o.Name, "entry": o.Entry, "bundle": bundled, "timeout": o.Timeout.String(), "allow": allow, "again": again,
	})
}
