using System.Globalization;

namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>A place in one line of source. Every "take" skips blanks first and moves on only where it matches.</summary>
internal sealed class AsmScanner
{
    private string _line = "";
    private int _lineNumber;

    public int Position { get; set; }

    /// <summary>Starts a line; what follows ';' or "//" is a comment.</summary>
    public void Start(string line, int lineNumber)
    {
        int end = line.AsSpan().IndexOf(';');
        int slashes = line.AsSpan().IndexOf("//");
        if (slashes >= 0 && (end < 0 || slashes < end))
            end = slashes;
        _line = end < 0 ? line : line[..end];
        _lineNumber = lineNumber;
        Position = 0;
    }

    public bool AtEnd => Here >= _line.Length;

    public AsmException Error(string expected) => ErrorAt(Position, expected);

    public AsmException ErrorAt(int position, string expected)
    {
        while (position < _line.Length && char.IsWhiteSpace(_line[position]))
            position++;
        int end = position;
        while (end < _line.Length && end < position + 24 && !char.IsWhiteSpace(_line[end]))
            end++;
        string found = position >= _line.Length ? "" : _line[position..Math.Max(end, position + 1)];
        return new AsmException(new AsmError(_lineNumber, position + 1, expected, found));
    }

    /// <summary>Takes a literal. One that ends in a letter or digit must not go on as a word.</summary>
    public bool Take(string literal)
    {
        SkipBlanks();
        if (string.CompareOrdinal(_line, Position, literal, 0, literal.Length) != 0)
            return false;
        int end = Position + literal.Length;
        if (IsWord(literal[^1]) && end < _line.Length && IsWord(_line[end]))
            return false;
        Position = end;
        return true;
    }

    /// <summary>Takes a literal prefix of a word ("be" of "be16").</summary>
    public bool TakePrefix(string literal)
    {
        SkipBlanks();
        if (string.CompareOrdinal(_line, Position, literal, 0, literal.Length) != 0)
            return false;
        Position += literal.Length;
        return true;
    }

    public void Demand(string literal)
    {
        if (!Take(literal))
            throw Error($"'{literal}'");
    }

    /// <summary>The next character other than a blank, or NUL at the end.</summary>
    public char Peek()
    {
        SkipBlanks();
        return Position < _line.Length ? _line[Position] : '\0';
    }

    /// <summary>Takes a name: a letter, '_' or '.', then also digits and '$'.</summary>
    public bool TakeName(out string name)
    {
        SkipBlanks();
        int end = Position;
        if (end < _line.Length && (char.IsAsciiLetter(_line[end]) || _line[end] is '_' or '.'))
        {
            while (end < _line.Length && (IsWord(_line[end]) || _line[end] is '.' or '$'))
                end++;
        }

        name = _line[Position..end];
        Position = end;
        return name.Length > 0;
    }

    /// <summary>Takes r0-r15 or w0-w15.</summary>
    public bool TakeRegister(out int number, out bool is32)
    {
        SkipBlanks();
        number = 0;
        is32 = false;
        int at = Position;
        if (at + 1 >= _line.Length || _line[at] is not ('r' or 'w'))
            return false;
        int end = at + 1;
        while (end < _line.Length && char.IsAsciiDigit(_line[end]) && end < at + 4)
            number = (number * 10) + _line[end++] - '0';
        if (end == at + 1 || number > 15 || (end < _line.Length && IsWord(_line[end])) || (end > at + 2 && _line[at + 1] == '0'))
            return false;
        is32 = _line[at] == 'w';
        Position = end;
        return true;
    }

    /// <summary>Takes a number with optional sign, decimal or 0x hex, of at most 64 bits.</summary>
    public bool TakeNumber(out AsmNumber number)
    {
        SkipBlanks();
        number = default;
        int at = Position;
        bool signed = at < _line.Length && _line[at] is '+' or '-';
        bool negative = signed && _line[at] == '-';
        if (signed)
            at++;
        bool hex = at + 1 < _line.Length && _line[at] == '0' && _line[at + 1] is 'x' or 'X';
        if (hex)
            at += 2;
        int end = at;
        while (end < _line.Length && (hex ? char.IsAsciiHexDigit(_line[end]) : char.IsAsciiDigit(_line[end])))
            end++;
        if (end == at || (end < _line.Length && IsWord(_line[end])))
            return false;
        NumberStyles style = hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (!ulong.TryParse(_line.AsSpan(at, end - at), style, CultureInfo.InvariantCulture, out ulong magnitude) || (negative && magnitude > 1UL << 63))
            throw Error("a number of at most 64 bits");
        number = new AsmNumber(magnitude, negative, hex, Position);
        Position = end;
        return true;
    }

    /// <summary>Position of the next character other than a blank.</summary>
    public int Here
    {
        get
        {
            SkipBlanks();
            return Position;
        }
    }

    /// <summary>Takes exactly that many hex digits.</summary>
    public bool TakeHex(int digits, out ulong value)
    {
        SkipBlanks();
        value = 0;
        if (Position + digits > _line.Length || !ulong.TryParse(_line.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value))
            return false;
        Position += digits;
        return true;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private void SkipBlanks()
    {
        while (Position < _line.Length && char.IsWhiteSpace(_line[Position]))
            Position++;
    }
}

/// <summary>A number as written.</summary>
internal readonly record struct AsmNumber(ulong Magnitude, bool Negative, bool Hex, int Position)
{
    /// <summary>Two's complement at 64 bits.</summary>
    public ulong Bits => Negative ? 0 - Magnitude : Magnitude;

    /// <summary>True where the value lies between the bounds.</summary>
    public bool Within(long low, long high)
    {
        Int128 value = Negative ? -(Int128)Magnitude : Magnitude;
        return value >= low && value <= high;
    }
}
