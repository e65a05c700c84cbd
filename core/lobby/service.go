package lobby

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/state"
)

// Publisher takes what followers are told. *broadcast.Hub is it.
type Publisher interface {
	Publish(ctx context.Context, m broadcast.Message) error
}

// Options make a Service.
type Options struct {
	Game   string
	Rules  Rules
	Store  state.Store
	Hub    Publisher
	Hooks  Hooks  // nil: the built-in rules alone
	Events Events // nil: nobody listens
	Logger *zap.Logger
	// AttemptEnded, if not nil, is told the match id of every start that this node
	// saw end without a match: cancelled, failed or overdue. It must not block.
	AttemptEnded func(matchID string)
	// Reaches reports whether what is told now reaches a player's socket: not when
	// that is being closed and he is not away yet. It must not block; nil: it always does.
	Reaches func(account string) bool
}

// Service is the only way to change the lobbies of one game. Its methods are
// safe for concurrent use; their errors are *fault.Error.
type Service struct {
	game         string
	rules        Rules
	store        state.Store
	hub          Publisher
	hooks        Hooks
	events       Events
	turns        turns
	log          *zap.Logger
	attemptEnded func(string)
	reaches      func(string) bool
	now          func() time.Time
	list         *directory

	ctx    context.Context // ends when Close has waited long enough
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	combiners map[string]*combiner
	closed    bool
}

// New returns a service; Recover must run before the first command, and Close at the end.
func New(o Options) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{
		game: o.Game, rules: o.Rules, store: o.Store, hub: o.Hub, hooks: o.Hooks, events: o.Events,
		log: o.Logger, attemptEnded: o.AttemptEnded, reaches: o.Reaches, now: time.Now,
		list: newDirectory(), turns: turns{seed: maphash.MakeSeed()}, ctx: ctx, cancel: cancel,
		combiners: make(map[string]*combiner),
	}
	if s.hooks == nil {
		s.hooks = noHooks{}
	}
	if s.reaches == nil {
		s.reaches = func(string) bool { return true }
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	return s
}

// Close refuses new commands, waits for those under way and ends the service.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return lifecycle.End(ctx, s.wg.Wait, s.cancel) // commands under way end with an error
}

// Create makes a lobby with the player in it. commit is called as transport's
// Lobbies describes.
func (s *Service) Create(ctx context.Context, who Who, draft Draft, commit func(Snapshot)) (Snapshot, error) {
	if err := s.checkDraft(draft); err != nil {
		return Snapshot{}, err
	}
	draft, err := s.hooks.BeforeCreate(ctx, who, draft)
	if err != nil {
		return Snapshot{}, fault.From(err)
	}
	if err := s.checkDraft(draft); err != nil {
		return Snapshot{}, err // what a hook amended is untrusted, too
	}
	if !s.list.reserve(s.rules.MaxLobbies) {
		return Snapshot{}, ErrLobbyLimit
	}
	defer s.list.unreserve()
	fresh := s.fresh(who, draft)
	for range maxLosses {
		fresh.Code = newCode()
		res, err := s.submit(fresh.ID, &command{commit: commit, apply: func(w *work) error { return w.create(fresh) }})
		if errors.Is(err, errCodeTaken) {
			continue
		}
		return res.Snapshot, err
	}
	return Snapshot{}, fault.TryAgain
}

func (s *Service) checkDraft(d Draft) error {
	if d.MaxPlayers != nil {
		if err := s.rules.checkMaxPlayers(*d.MaxPlayers); err != nil {
			return err
		}
	}
	return checkProperties(d.Properties)
}

// fresh is a new lobby with its owner in the first team, but for the code.
func (s *Service) fresh(who Who, d Draft) Lobby {
	l := Lobby{
		ID: uuid.NewString(), Name: d.Name, OwnerID: who.AccountID, IsPrivate: d.IsPrivate,
		Password: hashPassword(d.Password), MaxPlayers: s.rules.Seats(),
		Properties: Properties(nil).merge(d.Properties), State: Open,
		CreatedAt: s.now().Truncate(time.Millisecond), Joins: 1,
	}
	if d.MaxPlayers != nil {
		l.MaxPlayers = *d.MaxPlayers
	}
	for _, t := range s.rules.Teams {
		l.Teams = append(l.Teams, Team{Name: t.Name, Size: t.Size})
	}
	l.Teams[0].Players = []Player{{AccountID: who.AccountID, Username: who.Username, Connected: true, Seq: 1}}
	return l
}

// create puts a fresh lobby into the work and moves its owner there.
func (w *work) create(fresh Lobby) error {
	code, err := w.doc(state.Key{Kind: KindCode, ID: fresh.Code})
	if err != nil {
		return err
	}
	if code.Version != 0 {
		return errCodeTaken
	}
	d, err := w.doc(state.Key{Kind: KindLobby, ID: fresh.ID})
	if err != nil {
		return err
	}
	if d.Version != 0 {
		return fault.Internal.With(errors.New("lobby id in use"))
	}
	owner := fresh.OwnerID
	if err := w.vacate(owner, fresh.ID); err != nil {
		return err
	}
	c := newChange(&fresh, w.now, w.rules)
	w.add(fresh.ID, c)
	c.seat(owner, true)
	c.happen(happening{kind: lobbyCreated}, c.lobby)
	w.extra = append(w.extra, state.Write{Key: code.Key, Value: codeRef(fresh.ID)})
	return w.flush(fresh.ID, c)
}

// Join seats the player in a lobby found by code or id, and takes him out of the
// one he sat in.
func (s *Service) Join(ctx context.Context, who Who, req JoinRequest, commit func(Snapshot)) (Result, error) {
	id := req.LobbyID
	if req.Code != "" {
		docs, err := s.store.Get(ctx, s.game, state.Key{Kind: KindCode, ID: req.Code})
		if err != nil {
			return Result{}, fault.From(err)
		}
		if id, err = decodeCode(docs[0]); err != nil {
			return Result{}, fault.From(err)
		}
		if id == "" {
			return Result{}, ErrNotFound
		}
	}
	if id == "" {
		return Result{}, ErrLobbyRequired
	}
	j := join{who: who, team: req.Team, password: req.Password, byCode: req.Code != ""}
	if err := s.askJoinHooks(ctx, id, &j); err != nil {
		return Result{}, err
	}
	return s.submit(id, &command{commit: commit, apply: func(w *work) error {
		c, err := w.lobby(id)
		if err != nil {
			return err
		}
		if c == nil {
			return ErrNotFound
		}
		if err := c.join(j); err != nil {
			return err
		}
		if err := w.vacate(who.AccountID, id); err != nil {
			return err
		}
		return w.flush(id, c)
	}})
}

// askJoinHooks lets the game's hooks refuse a join or wish a team. A join that
// the reducer would refuse anyway never reaches them.
func (s *Service) askJoinHooks(ctx context.Context, id string, j *join) error {
	if !s.hooks.WantJoin() {
		return nil
	}
	snap, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	try := newChange(snap.Lobby, s.now(), &s.rules)
	if err := try.join(*j); err != nil {
		return err
	}
	if j.properties, err = s.hooks.BeforeJoin(ctx, snap.Lobby, j.who); err != nil {
		return fault.From(err)
	}
	if newChange(snap.Lobby, s.now(), &s.rules).team(j.team) >= 0 {
		return nil
	}
	if j.wish, err = s.hooks.AssignTeam(ctx, snap.Lobby, j.who); err != nil {
		return fault.From(err)
	}
	return nil
}

// Get returns a lobby by id. ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (Snapshot, error) {
	docs, err := s.store.Get(ctx, s.game, state.Key{Kind: KindLobby, ID: id})
	if err != nil {
		return Snapshot{}, fault.From(err)
	}
	l, err := decodeLobby(docs[0])
	if err != nil {
		return Snapshot{}, fault.From(err)
	}
	if l == nil {
		return Snapshot{}, ErrNotFound
	}
	return Snapshot{l, docs[0].Version}, nil
}

// SeatOf returns where a player sits; its LobbyID is empty if nowhere.
func (s *Service) SeatOf(ctx context.Context, account string) (*Seat, error) {
	docs, err := s.store.Get(ctx, s.game, state.Key{Kind: KindSeat, ID: account})
	if err != nil {
		return nil, fault.From(err)
	}
	seat, err := decodeSeat(docs[0])
	if err != nil {
		return nil, fault.From(err)
	}
	return seat, nil
}

// Listed returns the lobbies that can be joined, newest first, and a generation
// that changes with the answer. The slice is shared.
func (s *Service) Listed(context.Context) ([]Snapshot, uint64, error) {
	list, generation := s.list.listed()
	return list, generation, nil
}
