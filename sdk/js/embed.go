// Package js holds the browser and Node client, which servers hand out at
// /sdk/muster.js so that a page needs no build step, and the types of hook scripts.
package js

import _ "embed"

// Client is the ES module muster.js. Do not change it.
//
//go:embed muster.js
var Client []byte

// Types is muster-client.d.ts, the TypeScript declarations of Client. Do not
// change it.
//
//go:embed muster-client.d.ts
var Types []byte

// HookTypes is muster.d.ts, the TypeScript declarations that hook scripts are
// written with: the module "muster", generated from sdk/proto. Do not change it.
//
//go:embed muster.d.ts
var HookTypes []byte

// TestTypes is muster-test.d.ts, the TypeScript declarations that tests of hook scripts
// are written with: the module "muster/test". Do not change it.
//
//go:embed muster-test.d.ts
var TestTypes []byte
