// Package js holds the browser and Node client, which servers hand out at
// /sdk/muster.js so that a page needs no build step.
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
