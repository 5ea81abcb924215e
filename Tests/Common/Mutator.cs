namespace WebBpf.Tests;

/// <summary>Damages bytes in ways that parsers must survive; the same seed gives the same damage.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly byte[] Interesting = [0, 1, 0x7f, 0x80, 0xff];
    private readonly Random _random = new(seed);

    /// <summary>A damaged copy: bytes replaced, words set to extremes, ranges copied over others, the end cut off.</summary>
    public byte[] Mutate(ReadOnlySpan<byte> original)
    {
        byte[] bytes = original.ToArray();
        for (int i = _random.Next(1, 9); i > 0 && bytes.Length > 8; i--)
        {
            int at = _random.Next(bytes.Length);
            switch (_random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 2:
                    bytes.AsSpan(at, Math.Min(_random.Next(1, 9), bytes.Length - at)).Fill(Interesting[_random.Next(Interesting.Length)]);
                    break;
                case 3:
                    int length = Math.Min(_random.Next(1, 65), bytes.Length - at);
                    bytes.AsSpan(_random.Next(bytes.Length - length + 1), length).CopyTo(bytes.AsSpan(at));
                    break;
                case 4:
                    BitConverter.TryWriteBytes(bytes.AsSpan(Math.Min(at, bytes.Length - 4)), BitConverter.ToInt32(bytes, Math.Min(at, bytes.Length - 4)) + _random.Next(-16, 17));
                    break;
                case 5 when _random.Next(4) == 0:
                    Array.Resize(ref bytes, at);
                    break;
            }
        }

        return bytes;
    }
}
