package script

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/sdk/hook"
)

// storageObject is ctx.storage, or what its account method returns.
type storageObject struct {
	machine *machine
	scope   string // an account's id; empty is the game
}

var _ goja.DynamicObject = (*storageObject)(nil)

var storageNames = []string{"get", "getMany", "entry", "set", "delete", "list", "update", "account"}

func storageFunction(name string) func(*call, goja.FunctionCall) goja.Value {
	switch name {
	case "get":
		return (*call).storageGet
	case "getMany":
		return (*call).storageGetMany
	case "entry":
		return (*call).storageEntry
	case "set":
		return (*call).storageSet
	case "delete":
		return (*call).storageDelete
	case "list":
		return (*call).storageList
	case "update":
		return (*call).storageUpdate
	}
	return (*call).storageAccount
}

// Get implements goja.DynamicObject, as all below.
func (o *storageObject) Get(key string) goja.Value {
	if !contains(storageNames, key) {
		return nil
	}
	return o.machine.function("storage."+key, storageFunction(key))
}

func (o *storageObject) Has(key string) bool               { return contains(storageNames, key) }
func (o *storageObject) Set(key string, _ goja.Value) bool { return o.machine.fixed("storage", key) }
func (o *storageObject) Delete(key string) bool            { return o.machine.fixed("storage", key) }
func (o *storageObject) Keys() []string                    { return storageNames }

// scope is whose storage a method was called on.
func (c *call) scope(args goja.FunctionCall, method string) string {
	if o, ok := args.This.(*goja.Object); ok && o.ExportType() == storageType {
		if s, ok := o.Export().(*storageObject); ok {
			return s.scope
		}
	}
	panic(c.machine.vm.NewTypeError("call %s as a method: storage.%s(…)", method, method))
}

func (c *call) store() hook.Storage { return hook.HostFrom(c.ctx).Storage() }

func (c *call) storageAccount(args goja.FunctionCall) goja.Value {
	if c.scope(args, "account") != "" {
		panic(c.machine.vm.NewTypeError("account: this is the storage of an account already"))
	}
	id := c.text(args, 0, "account", "the account's id")
	if id == "" {
		panic(c.machine.vm.NewTypeError("account needs the account's id, got an empty text"))
	}
	return c.machine.vm.NewDynamicObject(&storageObject{c.machine, id})
}

// one reads one entry, nil if there is none.
func (c *call) one(scope, key string) func(context.Context) (*hook.Entry, error) {
	store := c.store()
	return func(ctx context.Context) (*hook.Entry, error) {
		entries, err := store.Get(ctx, scope, key)
		if err != nil || len(entries) == 0 {
			return nil, err
		}
		return &entries[0], nil
	}
}

func (c *call) storageGet(args goja.FunctionCall) goja.Value {
	scope, key := c.scope(args, "get"), c.text(args, 0, "get", "a key")
	return begin(c, c.one(scope, key), func(e *hook.Entry) goja.Value {
		if e == nil {
			return goja.Undefined()
		}
		return c.machine.parse(e.Value)
	})
}

func (c *call) storageEntry(args goja.FunctionCall) goja.Value {
	scope, key := c.scope(args, "entry"), c.text(args, 0, "entry", "a key")
	return begin(c, c.one(scope, key), func(e *hook.Entry) goja.Value {
		if e == nil {
			return goja.Undefined()
		}
		return c.machine.entry(e)
	})
}

// entry is a stored value with what is known about it.
func (m *machine) entry(e *hook.Entry) goja.Value {
	o := m.vm.NewObject()
	m.put(o, "key", m.vm.ToValue(e.Key))
	m.put(o, "value", m.parse(e.Value))
	m.put(o, "version", m.vm.ToValue(int64(e.Version)))
	m.put(o, "updatedAt", m.vm.ToValue(e.UpdatedAt.UnixMilli()))
	return o
}

// put defines a property, whatever its name: Set would call setters.
func (m *machine) put(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
		panic(err)
	}
}

func (c *call) storageGetMany(args goja.FunctionCall) goja.Value {
	scope := c.scope(args, "getMany")
	keys := c.texts(args.Argument(0))
	store := c.store()
	return begin(c, func(ctx context.Context) ([]hook.Entry, error) {
		if len(keys) == 0 {
			return nil, nil
		}
		return store.Get(ctx, scope, keys...)
	}, func(entries []hook.Entry) goja.Value {
		o := c.machine.vm.NewObject()
		for i := range entries {
			c.machine.put(o, entries[i].Key, c.machine.parse(entries[i].Value))
		}
		return o
	})
}

func (c *call) storageSet(args goja.FunctionCall) goja.Value {
	scope, key := c.scope(args, "set"), c.text(args, 0, "set", "a key")
	when, store := c.when(args.Argument(2)), c.store()
	value, err := c.encodeStored(args.Argument(1))
	if err != nil {
		return c.reject(err)
	}
	return begin(c, func(ctx context.Context) (hook.Version, error) {
		return store.Set(ctx, scope, key, value, when)
	}, func(version hook.Version) goja.Value { return c.machine.vm.ToValue(int64(version)) })
}

func (c *call) storageDelete(args goja.FunctionCall) goja.Value {
	scope, key := c.scope(args, "delete"), c.text(args, 0, "delete", "a key")
	when, store := c.when(args.Argument(1)), c.store()
	return begin(c, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, store.Delete(ctx, scope, key, when)
	}, func(struct{}) goja.Value { return goja.Undefined() })
}

func (c *call) storageList(args goja.FunctionCall) goja.Value {
	scope := c.scope(args, "list")
	var prefix, after string
	limit := hook.MaxListed
	if page, ok := args.Argument(0).(*goja.Object); ok {
		prefix, after = c.member(page, "prefix"), c.member(page, "after")
		if v := page.Get("limit"); v != nil && goja.IsNumber(v) {
			limit = int(min(max(v.ToInteger(), 1), hook.MaxListed))
		}
	}
	store := c.store()
	return begin(c, func(ctx context.Context) ([]hook.Entry, error) {
		return store.List(ctx, scope, prefix, after, limit)
	}, func(entries []hook.Entry) goja.Value {
		items := make([]any, len(entries))
		for i := range entries {
			items[i] = c.machine.entry(&entries[i])
		}
		return c.machine.vm.NewArray(items...)
	})
}

// maxGiveWay is how long update waits at most before it tries once more.
const maxGiveWay = 16 * time.Millisecond

// giveWay waits for a moment, longer with every try: of many that change one entry
// at once, those with the longest way to the storage would never come first. false:
// the call has no time for another try.
func giveWay(ctx context.Context, tries int) bool {
	most := min(time.Duration(tries)*time.Millisecond/2, maxGiveWay)
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) <= 2*most {
		return false
	}
	wait := time.NewTimer(rand.N(most))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// storageUpdate changes an entry by a function, again if somebody else was faster.
func (c *call) storageUpdate(args goja.FunctionCall) goja.Value {
	scope, key := c.scope(args, "update"), c.text(args, 0, "update", "a key")
	change, ok := goja.AssertFunction(args.Argument(1))
	if !ok {
		panic(c.machine.vm.NewTypeError("update needs a function as its second argument, got %s", describe(args.Argument(1))))
	}
	return c.update(scope, key, change, 1)
}

func (c *call) update(scope, key string, change goja.Callable, try int) goja.Value {
	store := c.store()
	return begin(c, c.one(scope, key), func(e *hook.Entry) goja.Value {
		old, version := goja.Undefined(), hook.NoVersion
		if e != nil {
			old, version = c.machine.parse(e.Value), e.Version
		}
		v, err := change(goja.Undefined(), old)
		if err != nil {
			panic(err)
		}
		if o, ok := v.(*goja.Object); ok && o.ExportType() == promiseType {
			panic(c.machine.vm.NewTypeError("update: the function must return the new value at once, it returned a promise"))
		}
		value, err := c.encodeStored(v)
		if err != nil {
			return c.reject(err)
		}
		return begin(c, func(ctx context.Context) (bool, error) {
			_, err := store.Set(ctx, scope, key, value, version)
			if errors.Is(err, hook.ErrConflict) && triesAgain(ctx, try) {
				return false, nil
			}
			return true, err
		}, func(done bool) goja.Value {
			if done {
				return c.machine.parse(value)
			}
			return c.update(scope, key, change, try+1)
		})
	})
}
