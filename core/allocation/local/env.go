package local

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// environment is all that a server sees: PATH and HOME, the config's variables,
// and the names of GameFlow's and Agones' SDKs. Nothing else of ours: our own
// environment holds secrets.
func (o Options) environment(ports []int, sidecarPort int) []string {
	env := map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}
	if env["PATH"] == "" {
		env["PATH"] = defaultPath
	}
	if env["HOME"] == "" {
		env["HOME"] = "/"
	}
	systemEnvironment(env)
	maps.Copy(env, o.Env)
	env["GAMEFLOW_DEFAULT_PORT"] = strconv.Itoa(ports[o.mainPort()])
	for i, name := range o.PortNames {
		env[portVariable(name)] = strconv.Itoa(ports[i])
	}
	env["GAMEFLOW_REGION"] = o.Region
	env["GAMEFLOW_BUILD_ID"] = o.BuildID
	env["AGONES_SDK_HTTP_PORT"] = strconv.Itoa(sidecarPort)
	list := make([]string, 0, len(env))
	for _, key := range slices.Sorted(maps.Keys(env)) {
		list = append(list, key+"="+env[key])
	}
	return list
}

// mainPort is the index of the port that players are told.
func (o Options) mainPort() int { return max(0, slices.Index(o.PortNames, "default")) }

func portVariable(name string) string {
	return "GAMEFLOW_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_PORT"
}
