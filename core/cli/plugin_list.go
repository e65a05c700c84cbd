package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

const listTimeout = 10 * time.Second

// pluginEntry is a plugin of a running server, as GET /plugins has it.
type pluginEntry struct {
	Name string `json:"name"`
	// Game is empty for a plugin that games share.
	Game      string    `json:"game"`
	Program   string    `json:"program"`
	Version   string    `json:"version"`
	Points    []string  `json:"points"`
	State     string    `json:"state"`
	PID       int       `json:"pid"`
	Restarts  int       `json:"restarts"`
	StartedAt time.Time `json:"startedAt"`
	LastError string    `json:"lastError"`
	Checksum  string    `json:"checksum"`
	Command   []string  `json:"command"`
	Memory    struct {
		Limit int64  `json:"limit"`
		Kept  string `json:"kept"`
		Used  int64  `json:"used"`
		Ended int    `json:"ended"`
	} `json:"memory"`
}

func newPluginListCommand() *cobra.Command {
	var admin adminFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins of a running server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := admin.client(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			all, err := c.plugins(cmd.Context())
			if err != nil {
				return err
			}
			return listPlugins(cmd.OutOrStdout(), all)
		},
	}
	admin.add(cmd)
	return cmd
}

func (c *adminClient) plugins(ctx context.Context) ([]pluginEntry, error) {
	var all []pluginEntry
	err := c.call(ctx, http.MethodGet, "/plugins", listTimeout, &all)
	return all, err
}

func listPlugins(out io.Writer, all []pluginEntry) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "The server has no plugins.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tGAME\tPROGRAM\tSTATE\tPID\tRESTARTS\tPOINTS")
	for _, p := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", plain(p.Name), dash(p.Game), dash(p.Program+" "+p.Version), plain(p.State), p.PID, p.Restarts, points(p.Points))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range all {
		if p.LastError != "" {
			fmt.Fprintf(out, "\n%s: %s\n", p.label(), plain(p.LastError))
		}
	}
	return nil
}

// label tells a game's plugin from a shared one of the same name.
func (p pluginEntry) label() string {
	if p.Game == "" {
		return plain(p.Name)
	}
	return plain(p.Game + "/" + p.Name)
}

func newPluginInfoCommand() *cobra.Command {
	var admin adminFlags
	var game string
	cmd := &cobra.Command{
		Use:   "info NAME",
		Short: "Say all about a plugin of a running server",
		Args:  oneName("the plugin's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := admin.client(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			p, err := c.plugin(cmd.Context(), args[0], game, cmd.Flags().Changed("game"))
			if err != nil {
				return err
			}
			return describePlugin(cmd.OutOrStdout(), p, time.Now())
		},
	}
	admin.add(cmd)
	cmd.Flags().StringVar(&game, "game", "", "the plugin of this `game` alone; \"\" is the one that games share")
	return cmd
}

// plugin finds one plugin. Without a game it has to be the only one of its name.
func (c *adminClient) plugin(ctx context.Context, name, game string, gameGiven bool) (pluginEntry, error) {
	all, err := c.plugins(ctx)
	if err != nil {
		return pluginEntry{}, err
	}
	var found []pluginEntry
	var known []string
	for _, p := range all {
		known = append(known, p.label())
		if p.Name == name && (!gameGiven || p.Game == game) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var choices []string
		for _, p := range found {
			choices = append(choices, fmt.Sprintf("-game %q", p.Game))
		}
		return pluginEntry{}, usageError(fmt.Sprintf("there are several plugins %q, say which: %s", name, strings.Join(choices, " or ")))
	case len(known) == 0:
		return pluginEntry{}, errors.New("the server has no plugins")
	}
	slices.Sort(known)
	return pluginEntry{}, fmt.Errorf("the server has no such plugin; it has %s", strings.Join(known, ", "))
}

func describePlugin(out io.Writer, p pluginEntry, now time.Time) error {
	whose := "all that have none of this name"
	if p.Game != "" {
		whose = p.Game + " alone"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, text string) { fmt.Fprintf(w, "%s\t%s\n", name, dash(text)) }
	line("plugin", p.Name)
	line("games", whose)
	line("program", p.Program+" "+p.Version)
	line("serves", points(p.Points))
	state := p.State
	if !p.StartedAt.IsZero() {
		state += fmt.Sprintf(" since %s (%s)", p.StartedAt.Local().Format(time.DateTime), now.Sub(p.StartedAt).Round(time.Second))
	}
	line("state", state)
	line("process", fmt.Sprint(p.PID))
	line("restarts", fmt.Sprint(p.Restarts))
	line("command", strings.Join(p.Command, " "))
	line("sha256", p.Checksum)
	line("memory", p.memory())
	if p.LastError != "" {
		line("last error", p.LastError)
	}
	return w.Flush()
}

// memory says what the process uses, what it may use, and who keeps that.
func (p pluginEntry) memory() string {
	if p.Memory.Limit == 0 {
		return ""
	}
	text := fmt.Sprintf("memory_limit %d MiB, ", p.Memory.Limit>>20)
	if p.Memory.Kept == "" {
		return text + "not kept on this system"
	}
	text += "kept by " + p.Memory.Kept
	if p.Memory.Used > 0 {
		text += fmt.Sprintf("; uses %d MiB", p.Memory.Used>>20)
	}
	if p.Memory.Ended > 0 {
		text += fmt.Sprintf("; ended for it %d times", p.Memory.Ended)
	}
	return text
}

func points(all []string) string { return dash(strings.Join(all, ", ")) }

// dash is a text for a cell of a table.
func dash(text string) string {
	if text = strings.TrimSpace(plain(text)); text == "" {
		return "-"
	}
	return text
}

// plain keeps what others wrote from steering the terminal, on one line.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// plainLines is plain for a text of several lines.
func plainLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return strings.Join(lines, "\n")
}
