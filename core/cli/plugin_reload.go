package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// reloadTimeout is so long because the old process ends its calls first.
const reloadTimeout = 5 * time.Minute

func newPluginReloadCommand() *cobra.Command {
	var admin adminFlags
	var game string
	cmd := &cobra.Command{
		Use:   "reload NAME",
		Short: "Let a running server start a plugin anew from its file, without a failed call",
		Long: "Let a running server start a plugin anew from its file. The new process is checked and takes over, then the old one\n" +
			"ends its calls and stops. If the new one does not come up, the old one goes on.",
		Args: oneName("the plugin's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := admin.client(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			p, err := c.plugin(cmd.Context(), args[0], game, cmd.Flags().Changed("game"))
			if err != nil {
				return err
			}
			path := "/plugins/" + url.PathEscape(p.Name) + "/reload?game=" + url.QueryEscape(p.Game)
			var now pluginEntry
			if err := c.call(cmd.Context(), http.MethodPost, path, reloadTimeout, &now); err != nil {
				var said *answerError
				if errors.As(err, &said) {
					return fmt.Errorf("%s was not reloaded: %w", p.label(), err)
				}
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: reloaded — %s, process %d (before: %s, process %d)\n",
				p.label(), dash(now.Program+" "+now.Version), now.PID, dash(p.Program+" "+p.Version), p.PID)
			return err
		},
	}
	admin.add(cmd)
	cmd.Flags().StringVar(&game, "game", "", "the plugin of this `game` alone; \"\" is the one that games share")
	return cmd
}
