namespace WebBpf.Kernel.Helpers.Text;

/// <summary>Text that is cut where its room ends but keeps counting, as vsnprintf does. The room includes a zero at the end.</summary>
internal ref struct TextOutput(Span<byte> room)
{
    private readonly Span<byte> _room = room;

    /// <summary>Characters so far, the cut ones included.</summary>
    public int Length { get; private set; }

    /// <summary>What fits, without the zero.</summary>
    public readonly ReadOnlySpan<byte> Written => _room[..Math.Min(Length, Math.Max(_room.Length - 1, 0))];

    public void Add(byte one)
    {
        if (Length + 1 < _room.Length)
            _room[Length] = one;
        Length++;
    }

    public void Add(scoped ReadOnlySpan<byte> text)
    {
        foreach (byte one in text)
            Add(one);
    }

    /// <summary>Text that was made before the whole is put together (addresses, strings of %pks): where no room is left it does not count.</summary>
    public void AddReady(scoped ReadOnlySpan<byte> text)
    {
        if (Length < _room.Length)
            Add(text);
    }

    /// <summary>The text in a field of at least <paramref name="spec"/>'s width, padded with spaces.</summary>
    public void AddPadded(scoped ReadOnlySpan<byte> text, in FieldSpec spec)
    {
        int padding = spec.Width - text.Length;
        if (!spec.Left)
            Pad((byte)' ', padding);
        Add(text);
        if (spec.Left)
            Pad((byte)' ', padding);
    }

    /// <summary>A number as number() in lib/vsprintf.c prints it: sign, zeros or spaces up to the width, digits.</summary>
    public void AddNumber(ulong magnitude, char sign, int radix, bool upper, in FieldSpec spec)
    {
        const string lowerDigits = "0123456789abcdef", upperDigits = "0123456789ABCDEF";
        string digits = upper ? upperDigits : lowerDigits;
        Span<byte> text = stackalloc byte[24];
        int at = text.Length;
        do
        {
            text[--at] = (byte)digits[(int)(magnitude % (ulong)radix)];
            magnitude /= (ulong)radix;
        }
        while (magnitude != 0);

        int padding = spec.Width - (text.Length - at) - (sign == 0 ? 0 : 1);
        bool zeros = spec.Zeros && !spec.Left;
        if (!spec.Left && !zeros)
            Pad((byte)' ', padding);
        if (sign != 0)
            Add((byte)sign);
        if (zeros)
            Pad((byte)'0', padding);
        Add(text[at..]);
        if (spec.Left)
            Pad((byte)' ', padding);
    }

    /// <summary>Writes the zero behind what fits.</summary>
    public readonly void Terminate()
    {
        if (!_room.IsEmpty)
            _room[Math.Min(Length, _room.Length - 1)] = 0;
    }

    private void Pad(byte with, int count)
    {
        if (count <= 0)
            return;
        int fits = Math.Clamp(_room.Length - 1 - Length, 0, count);
        if (fits > 0)
            _room.Slice(Length, fits).Fill(with);
        Length += count;
    }
}

/// <summary>Flags and width between % and the conversion.</summary>
internal readonly record struct FieldSpec(int Width, bool Left, bool Zeros, bool Plus, bool Space)
{
    /// <summary>Reads them at <paramref name="at"/>, which then stands at the conversion.</summary>
    public static FieldSpec Parse(ReadOnlySpan<byte> format, ref int at)
    {
        bool left = false, zeros = false, plus = false, space = false;
        for (; at < format.Length && format[at] is (byte)'0' or (byte)'+' or (byte)'-' or (byte)' '; at++)
        {
            left |= format[at] == '-';
            zeros |= format[at] == '0';
            plus |= format[at] == '+';
            space |= format[at] == ' ';
        }

        // FIELD_WIDTH_MAX
        const int widest = (1 << 23) - 1;
        int width = 0;
        for (; at < format.Length && format[at] is >= (byte)'0' and <= (byte)'9'; at++)
            width = Math.Min(width * 10 + (format[at] - '0'), widest);
        return new FieldSpec(width, left, zeros, plus, space);
    }
}
