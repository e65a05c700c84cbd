// Package replay repeats a recorded call of a script: against the script as it is now,
// with everything that it asks for answered from the recording. The same script comes
// to the same answer; of a changed one it says what is different.
package replay
