// Command protoc-gen-muster is a protoc plugin: it turns each service with the
// option (muster.v1.point) into a small Go interface, and writes what is known of
// every point beside them, to points.gen.go in the package of the services.
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
		return render(plugin, file, points)
	})
}
