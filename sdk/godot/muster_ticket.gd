## Join tickets for dedicated servers on Godot 4: says who presents a ticket,
## without a call home. Copy this file into the project.
##
##   var check := MusterTicket.new(launch_payload)
##   var who := check.check(ticket)
##   if who.error != "": refuse(who.error)
##   else: let_in(who.account_id, who.name, who.team)
class_name MusterTicket
extends RefCounted

const MAX_TICKET := 4096
const KEY_BYTES := 32

var _key: PackedByteArray
var _game := ""
var _match_id := ""


## Takes the launch payload: the string as it came, or what was read from it. One
## that has no good key (no_ticket_key) never lets anybody in.
func _init(payload: Variant) -> void:
	if payload is String:
		var json := JSON.new()
		payload = json.data if json.parse(payload) == OK else null
	var fields: Dictionary = payload if payload is Dictionary else {}
	_key = _decode(_text(fields, "ticketKey").rstrip("="))
	_game = _text(fields, "game")
	_match_id = _text(fields, "matchId")


## Checks an HS256 JWT signed with the payload's ticketKey: issuer "muster",
## audience the game, mid the match, not expired. now is in seconds since 1970; the
## default is the system's clock. The answer has error, which is "" for a good
## ticket, else ticket_invalid, ticket_expired, ticket_other_match or
## no_ticket_key; and account_id, name, team, expires_at (seconds).
func check(ticket: String, now := -1.0) -> Dictionary:
	# A short or empty key would let anybody sign.
	if _key.size() != KEY_BYTES or _game == "" or _match_id == "":
		return _refused("no_ticket_key")
	if ticket.length() > MAX_TICKET:
		return _refused("ticket_invalid")
	var parts := ticket.split(".")
	if parts.size() != 3:
		return _refused("ticket_invalid")
	var header := _object(parts[0])
	var claims := _object(parts[1])
	var signature := _decode(parts[2])
	# The algorithm is ours, whatever the ticket would like; extensions that must be
	# understood are not.
	if _text(header, "alg") != "HS256" or header.has("crit") or claims.is_empty() or signature.is_empty():
		return _refused("ticket_invalid")

	var hmac := HMACContext.new()
	if hmac.start(HashingContext.HASH_SHA256, _key) != OK:
		return _refused("ticket_invalid")
	if hmac.update((parts[0] + "." + parts[1]).to_ascii_buffer()) != OK:
		return _refused("ticket_invalid")
	var genuine := Crypto.new().constant_time_compare(hmac.finish(), signature)

	var issuer := _text(claims, "iss")
	var match_id := _text(claims, "mid")
	if issuer == "muster" and match_id != "" and match_id != _match_id:
		return _refused("ticket_other_match") # tells why, grants nothing
	var account_id := _text(claims, "sub")
	if not genuine or issuer != "muster" or match_id != _match_id or account_id == "" or not _is_for_game(claims):
		return _refused("ticket_invalid")
	if not _is_text_or_absent(claims, "name") or not _is_text_or_absent(claims, "team"):
		return _refused("ticket_invalid")
	if now < 0.0:
		now = Time.get_unix_time_from_system()
	var expires_at := _number(claims, "exp")
	if not is_finite(expires_at):
		return _refused("ticket_invalid")
	if claims.has("nbf") and not (_number(claims, "nbf") <= now):
		return _refused("ticket_invalid")
	if now >= expires_at:
		return _refused("ticket_expired")
	return {
		"error": "", "account_id": account_id, "name": _text(claims, "name"),
		"team": _text(claims, "team"), "expires_at": expires_at,
	}


static func _refused(error: String) -> Dictionary:
	return {"error": error, "account_id": "", "name": "", "team": "", "expires_at": 0.0}


# The audience is the game, or a list that has it.
func _is_for_game(claims: Dictionary) -> bool:
	var audience = claims.get("aud")
	if audience is String:
		return audience == _game
	if audience is Array:
		for one in audience:
			if one is String and one == _game:
				return true
	return false


static func _text(from: Dictionary, field: String) -> String:
	var value = from.get(field)
	return value if value is String else ""


static func _is_text_or_absent(from: Dictionary, field: String) -> bool:
	return not from.has(field) or from[field] is String


static func _number(from: Dictionary, field: String) -> float:
	var value = from.get(field)
	return float(value) if value is float or value is int else NAN


# Empty for whatever is no JSON object.
static func _object(part: String) -> Dictionary:
	var json := JSON.new()
	if json.parse(_decode(part).get_string_from_utf8()) != OK or not (json.data is Dictionary):
		return {}
	return json.data


# Reads base64url without padding, and nothing that only looks like it.
static func _decode(text: String) -> PackedByteArray:
	if text.length() == 0 or text.length() % 4 == 1:
		return PackedByteArray()
	for i in text.length():
		if not "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".contains(text[i]):
			return PackedByteArray()
	var padded := text.replace("-", "+").replace("_", "/")
	while padded.length() % 4 != 0:
		padded += "="
	var bytes := Marshalls.base64_to_raw(padded)
	return bytes if Marshalls.raw_to_base64(bytes) == padded else PackedByteArray() # stray bits
