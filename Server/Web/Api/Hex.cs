namespace WebBpf.Server.Api;

/// <summary>Byte strings of the wire: lower-case hex without prefix; spaces are allowed on input.</summary>
public static class Hex
{
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    /// <exception cref="ApiException">400 naming the field.</exception>
    public static byte[] Parse(string field, string text)
    {
        ReadOnlySpan<char> digits = text;
        if (text.AsSpan().ContainsAny(' ', '\n', '\t'))
            digits = string.Concat(text.Where(c => c is not (' ' or '\n' or '\t' or '\r')));
        if (digits.Length % 2 != 0)
            throw ApiException.Bad(field, "hex needs an even number of digits.");
        var bytes = new byte[digits.Length / 2];
        if (Convert.FromHexString(digits, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            throw ApiException.Bad(field, "this is not hex.");
        return bytes;
    }
}
