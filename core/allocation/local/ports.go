package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-gg/muster/core/allocation"
)

// PortRange is a range of port numbers, both ends included.
type PortRange struct{ First, Last int }

// ParsePortRange reads "21000-21099" or "21000".
func ParsePortRange(text string) (PortRange, error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	if errA != nil || errB != nil || a == 0 || a > b {
		return PortRange{}, fmt.Errorf("%q is not a port range such as 21000-21099", text)
	}
	return PortRange{First: int(a), Last: int(b)}, nil
}

func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.First, r.Last) }

func (r PortRange) check(need int) error {
	if r.First < 1 || r.Last > 65535 || r.Last-r.First+1 < need {
		return fmt.Errorf("local: ports %s are not a range of at least %d", r, need)
	}
	return nil
}

// PortBook holds the ports that servers of this process have. Between the moment
// a port is chosen and the moment its server binds it, only the book knows.
type PortBook struct {
	mu    sync.Mutex
	taken map[int]bool
	next  int
}

// NewPortBook returns an empty book. It begins anywhere, so that ports rest over a
// restart too, and two programs with one range seldom choose the same port at a time.
func NewPortBook() *PortBook { return &PortBook{taken: map[int]bool{}, next: rand.IntN(1 << 16)} }

// take chooses n ports of the range that nobody has, neither in the book nor on
// the machine, TCP and UDP. It goes round the range, so that a port rests before
// it is used again and late packets of an old match meet nobody.
func (b *PortBook) take(r PortRange, n int) ([]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := r.Last - r.First + 1
	var ports []int
	for i := 0; i < size && len(ports) < n; i++ {
		port := r.First + (max(b.next, r.First)-r.First+i)%size
		if !b.taken[port] && portFree(port) {
			ports = append(ports, port)
		}
	}
	if len(ports) < n {
		return nil, fmt.Errorf("%w: no free port in %s", allocation.ErrFull, r)
	}
	for _, port := range ports {
		b.taken[port] = true
		b.next = port + 1
	}
	return ports, nil
}

func (b *PortBook) give(ports []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, port := range ports {
		delete(b.taken, port)
	}
}

// portFree tries to bind the port on all interfaces.
func portFree(port int) bool {
	address := net.JoinHostPort("", strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	return u.Close() == nil
}
