// Package sim is the simulation of Sparks, a game for two teams: sparks appear in
// an arena, a figure carries up to three of them to its own base, and whoever is
// dashed into by an opponent drops what it carries.
//
// A World is pure: no clock, no input or output, no goroutine. The same seed and
// the same calls give the same match. Lengths are in units of the field, times in
// ticks of 1/30 s unless a name says otherwise, speeds in units a second. A World
// belongs to one goroutine.
package sim
