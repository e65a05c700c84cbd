package sandbox

import (
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// BenchmarkBuild is a script that is bundled in a child, and, to compare, in this
// process.
func BenchmarkBuild(b *testing.B) {
	o := arena(b, map[string]string{"arena.ts": "export const rpc = {\n" + strings.Repeat("  async add(ctx: any, n: number) { return n + 1; },\n", 100) + "};\n"})
	b.Run("child", func(b *testing.B) {
		s := New(Options{})
		for b.Loop() {
			if _, err := s.Build(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			if _, err := bundle.Build(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
