## Runs the shared vectors: godot --headless --script vectors.gd -- TICKETS.JSON
extends SceneTree

const Ticket := preload("muster_ticket.gd")
const ERRORS := {
	"ok": "", "invalid": "ticket_invalid", "expired": "ticket_expired",
	"other_match": "ticket_other_match", "no_key": "no_ticket_key",
}


func _init() -> void:
	var failed := 0
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(OS.get_cmdline_user_args()[0]))
	for c in cases:
		var got: Dictionary = Ticket.new(c).check(c["token"], c["now"] / 1000.0)
		var right: bool = got.error == ERRORS[c["want"]]
		if right and c["want"] == "ok":
			var p: Dictionary = c["player"]
			right = got.account_id == p["accountId"] and got.name == p["name"] and got.team == p["team"]
		if not right:
			failed += 1
			print("FAILED ", c["name"], ": want ", c["want"], ", got ", got)
		if Ticket.new(JSON.stringify(c)).check(c["token"], c["now"] / 1000.0) != got:
			failed += 1
			print("FAILED ", c["name"], " with the payload as a string")
	for payload in [null, 1, {}, "", "[]", "{", "null", "{\"ticketKey\": 1}"]:
		if Ticket.new(payload).check("").error != "no_ticket_key":
			failed += 1
			print("FAILED payload ", payload)
	print("vectors: ", cases.size(), " failed: ", failed)
	quit(1 if failed > 0 or cases.is_empty() else 0)
