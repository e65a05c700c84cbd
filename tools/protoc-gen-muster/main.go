// Command protoc-gen-muster is a protoc plugin: it turns each service with the
// option (muster.v1.point) into a small Go interface, and writes what is known of
// every point beside them, to points.gen.go in the package of the services.
// calls.gen.go there carries a point's messages to a hook (Point.Dispatch), and a
// call of a hook to its messages (Remote). muster.d.ts, in the folder js beside that
// package, is the same contract for scripts.
package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
)

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		points, err := readPoints(plugin)
		if err != nil {
			return err
		}
		if len(points) == 0 {
			return fmt.Errorf("no service has the option %s", optionName)
		}
		home := points[0].service.Desc.ParentFile().Path()
		file := plugin.FilesByPath[home]
		for _, p := range points {
			if other := plugin.FilesByPath[p.service.Desc.ParentFile().Path()]; other.GoImportPath != file.GoImportPath {
				return fmt.Errorf("%s is in another Go package than %s", p.name, points[0].name)
			}
		}
		if err := render(plugin, file, points); err != nil {
			return err
		}
		if err := renderCalls(plugin, file, points); err != nil {
			return err
		}
		return renderTypes(plugin, file, points)
	})
}
