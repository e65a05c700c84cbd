package cli

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/muster-gg/muster/core/config"
)

// envHelp is the part of serve's help about the environment.
const envHelp = "With -env there is no config file; what GameFlow's public template reads from its environment is enough:\n" +
	"  PORT                    the port for players; 3000\n" +
	"  JWT_SECRET              signs tokens, 16 bytes at least; made once and kept in the data folder\n" +
	"  GAMEFLOW_GAME_ID        GameFlow's id of the game; without it no match can start\n" +
	"  GAMEFLOW_API_KEY        a key of your organisation, for the same\n" +
	"  GAMEFLOW_API_URL        https://api.gameflow.gg/v1\n" +
	"  GAMEFLOW_REGION         us-east\n" +
	"  GAMEFLOW_GAME_MODE      the mode of players who search for a match\n" +
	"and, if you want more than the template can:\n" +
	"  DISCORD_APPLICATION_ID  your application at Discord, for signing in with it; the program is bin/plugins/auth-discord,\n" +
	"                          in the folder plugins beside muster\n" +
	"  MUSTER_PUBLIC_URL       how players and game servers reach this server; http://localhost:PORT\n" +
	"  MUSTER_HOST             the address of this machine to listen on; all\n" +
	"  MUSTER_ADMIN_LISTEN     metrics and health; 127.0.0.1:7351\n" +
	"Data is in the folder data of the working folder. Two teams, A and B, of four seats each."

// source is where a config comes from.
type source struct {
	load func() (*config.Config, config.Diagnostics)
	// tell puts what came up after load into words of the source.
	tell func(config.Diagnostics) config.Diagnostics
}

func fromFile(path string) source {
	return source{
		load: func() (*config.Config, config.Diagnostics) {
			return config.Load(path, config.Options{Files: config.RequireFiles})
		},
		tell: func(ds config.Diagnostics) config.Diagnostics { return ds },
	}
}

func fromEnv() source {
	f := config.NewEnvFile(config.EnvOptions{Discord: pluginBeside("auth-discord")})
	return source{load: f.Load, tell: f.Tell}
}

// pluginBeside is where a plugin of Muster's is, beside this program, as it is
// built and shipped.
func pluginBeside(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	self, err := os.Executable()
	if err != nil {
		return filepath.Join("bin", "plugins", name)
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), "plugins", name)
}
