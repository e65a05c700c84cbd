// Join tickets for dedicated servers in C#: says who presents a ticket, without a
// call home. One file that needs nothing else: .NET, Mono, Unity, Godot's C#.
//
//   var check = MusterTicket.FromPayload(launchPayload);
//   try { MusterPlayer player = check.Check(ticket); }
//   catch (MusterTicketException e) { refuse(e.Code); }
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

/// <summary>Who a valid ticket speaks for.</summary>
public sealed class MusterPlayer
{
    public string AccountId { get; }
    public string Name { get; }
    public string Team { get; }
    public DateTimeOffset Expires { get; }

    public MusterPlayer(string accountId, string name, string team, DateTimeOffset expires)
    {
        AccountId = accountId;
        Name = name;
        Team = team;
        Expires = expires;
    }
}

/// <summary>Why a ticket is refused. Code is ticket_invalid, ticket_expired,
/// ticket_other_match or no_ticket_key.</summary>
public sealed class MusterTicketException : Exception
{
    public string Code { get; }
    public MusterTicketException(string code) : base(code) { Code = code; }
}

/// <summary>Checks join tickets of one match: HS256 JWTs signed with the payload's
/// ticketKey, issuer "muster", audience the game, mid the match, not expired.</summary>
public sealed class MusterTicket
{
    const int MaxTicket = 4096;
    const int KeyBytes = 32;
    const double LastSecond = 253402300799; // of the last date there is

    readonly byte[] key;
    readonly string game, matchId;

    /// <summary>Takes three fields of the launch payload; throws no_ticket_key when
    /// there is no good key among them.</summary>
    public MusterTicket(string ticketKey, string game, string matchId)
    {
        byte[] secret = Decode((ticketKey ?? "").TrimEnd('='));
        // A short or empty key would let anybody sign.
        if (secret == null || secret.Length != KeyBytes || string.IsNullOrEmpty(game) || string.IsNullOrEmpty(matchId))
            throw new MusterTicketException("no_ticket_key");
        key = secret;
        this.game = game;
        this.matchId = matchId;
    }

    /// <summary>The same from the launch payload as it came.</summary>
    public static MusterTicket FromPayload(string launchPayload)
    {
        var payload = MusterJson.Read(launchPayload ?? "") as Dictionary<string, object> ?? new Dictionary<string, object>();
        return new MusterTicket(Text(payload, "ticketKey"), Text(payload, "game"), Text(payload, "matchId"));
    }

    /// <summary>Says who presents a ticket, or throws a MusterTicketException.</summary>
    public MusterPlayer Check(string ticket) => Check(ticket, DateTimeOffset.UtcNow);

    /// <summary>The same by another clock.</summary>
    public MusterPlayer Check(string ticket, DateTimeOffset now)
    {
        if (ticket == null || ticket.Length > MaxTicket) throw Invalid();
        string[] parts = ticket.Split('.');
        if (parts.Length != 3) throw Invalid();
        Dictionary<string, object> header = ReadObject(parts[0]), claims = ReadObject(parts[1]);
        byte[] signature = Decode(parts[2]);
        // The algorithm is ours, whatever the ticket would like; extensions that must
        // be understood are not.
        if (signature == null || Text(header, "alg") != "HS256" || header.ContainsKey("crit")) throw Invalid();

        byte[] want;
        using (var hmac = new HMACSHA256(key)) want = hmac.ComputeHash(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]));
        bool genuine = SameBytes(signature, want);

        string issuer = Text(claims, "iss"), match = Text(claims, "mid"), subject = Text(claims, "sub");
        if (issuer == "muster" && !string.IsNullOrEmpty(match) && match != matchId)
            throw new MusterTicketException("ticket_other_match"); // tells why, grants nothing
        double seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        double expires = Number(claims, "exp");
        bool early = claims.ContainsKey("nbf") && !(Number(claims, "nbf") <= seconds);
        string name = TextOrEmpty(claims, "name"), team = TextOrEmpty(claims, "team");
        if (!genuine || issuer != "muster" || match != matchId || !IsFor(claims, game) || string.IsNullOrEmpty(subject) ||
            double.IsNaN(expires) || early || name == null || team == null) throw Invalid();
        if (seconds >= expires) throw new MusterTicketException("ticket_expired");
        if (expires > LastSecond) throw Invalid();
        return new MusterPlayer(subject, name, team, DateTimeOffset.FromUnixTimeMilliseconds((long)(expires * 1000)));
    }

    static MusterTicketException Invalid() => new MusterTicketException("ticket_invalid");

    // IsFor: the audience is the game, or a list that has it.
    static bool IsFor(Dictionary<string, object> claims, string game)
    {
        claims.TryGetValue("aud", out object audience);
        return audience is List<object> list ? list.Contains(game) : game.Equals(audience);
    }

    static string Text(Dictionary<string, object> o, string field) =>
        o.TryGetValue(field, out object value) ? value as string : null;

    static string TextOrEmpty(Dictionary<string, object> o, string field) => o.ContainsKey(field) ? Text(o, field) : "";

    // Number is NaN for what is no number.
    static double Number(Dictionary<string, object> o, string field) =>
        o.TryGetValue(field, out object value) && value is double n && !double.IsInfinity(n) ? n : double.NaN;

    static Dictionary<string, object> ReadObject(string part)
    {
        byte[] bytes = Decode(part);
        if (bytes == null) throw Invalid();
        string text;
        try { text = new UTF8Encoding(false, true).GetString(bytes); }
        catch (ArgumentException) { throw Invalid(); }
        return MusterJson.Read(text) as Dictionary<string, object> ?? throw Invalid();
    }

    // SameBytes takes the same time whatever the difference is.
    static bool SameBytes(byte[] a, byte[] b)
    {
        int different = a.Length ^ b.Length;
        for (int i = 0; i < a.Length && i < b.Length; i++) different |= a[i] ^ b[i];
        return different == 0;
    }

    // Decode reads base64url without padding, and nothing that only looks like it.
    static byte[] Decode(string text)
    {
        if (text.Length == 0 || text.Length % 4 == 1) return null;
        foreach (char c in text)
            if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')) return null;
        string padded = text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
        byte[] bytes = Convert.FromBase64String(padded);
        return Convert.ToBase64String(bytes) == padded ? bytes : null; // stray bits
    }
}

/// <summary>Reads JSON as it is written, so that this file needs no package: objects
/// are Dictionary&lt;string, object&gt;, lists List&lt;object&gt;, numbers double.</summary>
sealed class MusterJson
{
    const int MaxDepth = 32;
    const string Hex = "0123456789abcdefABCDEF";

    // None stands for "this is no JSON".
    static readonly object None = new object();

    readonly string text;
    int at;

    MusterJson(string text) { this.text = text; }

    /// <summary>Returns the one value that the text is, null when it is none.</summary>
    internal static object Read(string text)
    {
        var reader = new MusterJson(text);
        object value = reader.Value(MaxDepth);
        reader.Space();
        return value == None || reader.at != text.Length ? null : value;
    }

    char Next => at < text.Length ? text[at] : '\0';

    void Space()
    {
        while (Next == ' ' || Next == '\t' || Next == '\n' || Next == '\r') at++;
    }

    bool Take(string word)
    {
        Space();
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) return false;
        at += word.Length;
        return true;
    }

    object Value(int depth)
    {
        if (depth == 0) return None;
        if (Take("{")) return Object(depth);
        if (Take("[")) return List(depth);
        if (Take("\"")) return String() ?? None;
        if (Take("true")) return true;
        if (Take("false")) return false;
        return Take("null") ? null : Number();
    }

    object Object(int depth)
    {
        var o = new Dictionary<string, object>();
        if (Take("}")) return o;
        do
        {
            string name = Take("\"") ? String() : null;
            if (name == null || !Take(":")) return None;
            object value = Value(depth - 1);
            if (value == None) return None;
            o[name] = value;
        } while (Take(","));
        return Take("}") ? o : None;
    }

    object List(int depth)
    {
        var list = new List<object>();
        if (Take("]")) return list;
        do
        {
            object value = Value(depth - 1);
            if (value == None) return None;
            list.Add(value);
        } while (Take(","));
        return Take("]") ? list : None;
    }

    // String reads what follows a quotation mark, null when it does not end well.
    string String()
    {
        var s = new StringBuilder();
        while (Next >= ' ')
        {
            char c = text[at++];
            if (c == '"') return s.ToString();
            if (c != '\\') { s.Append(c); continue; }
            int plain = "\"\\/bfnrt".IndexOf(Next);
            if (plain >= 0) { s.Append("\"\\/\b\f\n\r\t"[plain]); at++; continue; }
            if (Next != 'u' || at + 5 > text.Length) return null;
            int code = 0;
            for (int i = 1; i <= 4; i++)
            {
                int digit = Hex.IndexOf(text[at + i]);
                if (digit < 0) return null;
                code = code * 16 + (digit < 16 ? digit : digit - 6);
            }
            s.Append((char)code);
            at += 5;
        }
        return null;
    }

    object Number()
    {
        int from = at;
        if (Next == '-') at++;
        if (Next == '0') at++;
        else if (!Digits()) return None;
        if (Next == '.') { at++; if (!Digits()) return None; }
        if (Next == 'e' || Next == 'E')
        {
            at++;
            if (Next == '+' || Next == '-') at++;
            if (!Digits()) return None;
        }
        // One that is too large for a double is none that anything here is compared with.
        return double.TryParse(text.Substring(from, at - from), NumberStyles.Float, CultureInfo.InvariantCulture, out double n) ? n : double.PositiveInfinity;
    }

    bool Digits()
    {
        int from = at;
        while (Next >= '0' && Next <= '9') at++;
        return at > from;
    }
}
