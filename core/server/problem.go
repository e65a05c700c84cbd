package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/muster-gg/muster/core/config"
)

// listenProblem says what can be done when an address of the config cannot be
// listened on.
func listenProblem(key, address string, err error) error {
	help := ""
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		help = "another program has this address, perhaps another muster: end that, or choose another address"
	case errors.Is(err, syscall.EACCES):
		help = "ports below 1024 are for administrators: choose another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &dns):
		help = "this machine does not have that address"
	default:
		return fmt.Errorf("server.%s = %q: %w", key, address, err)
	}
	return fmt.Errorf("server.%s = %q: %s (%w)", key, address, help, err)
}

// dataProblem says what can be done when the data folder cannot be used.
func dataProblem(cfg *config.Config, err error) error {
	help := ""
	switch {
	case errors.Is(err, fs.ErrPermission):
		help = fmt.Sprintf("the user who runs this (%d) may not write there", os.Getuid())
	case errors.Is(err, syscall.EROFS):
		help = "it is on a disk that is only for reading"
	case errors.Is(err, syscall.ENOSPC):
		help = "the disk is full: make room and start again"
	case errors.Is(err, syscall.ENOTDIR):
		help = "that is no folder"
	default:
		return fmt.Errorf("server.data_dir = %q: %w", cfg.Server.DataDir, err)
	}
	return fmt.Errorf("server.data_dir = %q: %s (%w)", cfg.Server.DataDir, help, err)
}
