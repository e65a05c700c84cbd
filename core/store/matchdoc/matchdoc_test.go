package matchdoc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestErase(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"empty", ``, ``},
		{"nobody's", ` {"accountId": "b", "username": "Bob"} `, ` {"accountId": "b", "username": "Bob"} `},
		{"id and name", `{"accountId":"a","username":"Ann"}`, `{"accountId":"erased","username":"erased"}`},
		{"name before id", `{"username" : "Ann" , "accountId" : "a"}`, `{"username" : "erased" , "accountId" : "erased"}`},
		{"name of the id's object only", `{"username":"Ann","who":{"accountId":"a"},"all":[{"username":"Ann"}]}`, `{"username":"Ann","who":{"accountId":"erased"},"all":[{"username":"Ann"}]}`},
		{"name equal to the id", `{"accountId":"a","username":"a"}`, `{"accountId":"erased","username":"erased"}`},
		{"two names", `{"accountId":"a","username":"Ann","username":"Anna"}`, `{"accountId":"erased","username":"erased","username":"erased"}`},
		{"id anywhere", `["a",{"mvp":"a","a":1,"x":{"y":["a","b"]}},"ab"]`, `["erased",{"mvp":"erased","erased":1,"x":{"y":["erased","b"]}},"ab"]`},
		{"a name that is no text", `{"accountId":"a","username":{"first":"Ann"},"n":[1,true,null]}`, `{"accountId":"erased","username":{"first":"Ann"},"n":[1,true,null]}`},
		{"key after an object value", `{"x":{},"username":"Ann","y":[],"accountId":"a"}`, `{"x":{},"username":"erased","y":[],"accountId":"erased"}`},
		{"escapes", `{"accountId":"\u0061","username":"A\"n\\"}`, `{"accountId":"erased","username":"erased"}`},
		{"numbers stay", `{"accountId":"a","n":1.50e+3,"m":9007199254740993}`, `{"accountId":"erased","n":1.50e+3,"m":9007199254740993}`},
		{"a lone text", `"a"`, `"erased"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Erase([]byte(c.doc), "a")
			if err != nil || string(got) != c.want {
				t.Fatalf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestAccountIDs(t *testing.T) {
	got, err := AccountIDs([]byte(`[{"accountId":"a","x":"accountId"},{"players":[{"accountId":"b"},{"accountId":"a"},{"accountId":7},{"accountId":["c"]}]},"accountId","d"]`))
	if want := []string{"a", "b"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

func TestNotJSON(t *testing.T) {
	for _, doc := range []string{" ", "{", `{"a"}`, `{"a":1,}`, "[1", "[] []", "nope", `"a`, "{]", "1 2"} {
		if got, err := Erase([]byte(doc), "a"); err == nil {
			t.Errorf("%q: erased to %q", doc, got)
		}
		if _, err := AccountIDs([]byte(doc)); err == nil {
			t.Errorf("%q: ids", doc)
		}
	}
}

// Whatever the document, erasing is the same as replacing in the decoded value.
func TestEraseEqualsReplacing(t *testing.T) {
	texts := rapid.SampledFrom([]string{"a", "b", "accountId", "username", "Ann", "", "\"", "é\u2028"})
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			kind := rapid.IntRange(0, 4).Draw(t, "kind")
			if depth == 0 {
				kind %= 3
			}
			switch kind {
			case 0:
				return texts.Draw(t, "text")
			case 1:
				return rapid.Float64Range(-9, 9).Draw(t, "number")
			case 2:
				return nil
			case 3:
				return rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "list")
			default:
				return rapid.MapOfN(texts, value(depth-1), 0, 4).Draw(t, "object")
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		doc, err := json.Marshal(value(4).Draw(t, "doc"))
		if err != nil {
			t.Fatal(err)
		}
		erased, err := Erase(doc, "a")
		if err != nil {
			t.Fatal(err)
		}
		var before, after any
		if json.Unmarshal(doc, &before) != nil || json.Unmarshal(erased, &after) != nil {
			t.Fatalf("not JSON: %s from %s", erased, doc)
		}
		if want := replaced(before); !reflect.DeepEqual(after, want) {
			t.Fatalf("%s gave %s", doc, erased)
		}
	})
}

// replaced is Erase for "a" the slow way.
func replaced(v any) any {
	switch v := v.(type) {
	case string:
		if v == "a" {
			return Erased
		}
	case []any:
		for i := range v {
			v[i] = replaced(v[i])
		}
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if _, ok := e.(string); ok && k == "username" && v["accountId"] == "a" {
				e = Erased
			}
			out[replaced(k).(string)] = replaced(e)
		}
		return out
	}
	return v
}

func FuzzErase(f *testing.F) {
	f.Add([]byte(`[{"accountId":"a","username":"Ann"},"a"]`), "a")
	f.Add([]byte(`{"a":[1,{"b":null}]}`), "b")
	f.Add([]byte(`{`), "")
	f.Fuzz(func(t *testing.T, doc []byte, id string) {
		got, err := Erase(doc, id)
		if valid := json.Valid(doc) || len(doc) == 0; valid && err != nil && !strings.Contains(err.Error(), "depth") {
			t.Fatalf("refused JSON: %v", err)
		}
		if err != nil || len(doc) == 0 {
			return
		}
		if json.Valid(doc) && !json.Valid(got) {
			t.Fatalf("%q is not JSON any more", got)
		}
		ids, err := AccountIDs(got)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range ids {
			if other == id && id != Erased {
				t.Fatalf("%q still holds %q", got, id)
			}
		}
	})
}
