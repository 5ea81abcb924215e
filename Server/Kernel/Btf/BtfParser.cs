using System.Buffers.Binary;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Btf;

/// <summary>The header of a BTF blob; offsets count from its end.</summary>
internal readonly record struct BtfHeader(ushort Magic, byte Version, byte Flags, uint Length, uint TypeOff, uint TypeLen, uint StrOff, uint StrLen);

/// <summary>
/// Reads and checks a BTF blob in the kernel's order: header, sections, strings, each type's own record, then what types say of each
/// other. As btf_parse in kernel/bpf/btf.c (6.18).
/// </summary>
internal static class BtfParser
{
    private const int MaxSize = 16 << 20;
    private const int HeaderLength = 24;
    private const int Magic = 0xeb9f;
    private const uint MaxNameOffset = 0xffffff;

    /// <summary>Checks all of it, as BTF_LOAD does.</summary>
    public static int Parse(byte[] raw, VerifierLog? log, out BtfTypes? types)
    {
        types = null;
        if (raw.Length > MaxSize)
            return -Errno.E2BIG;
        var btfLog = new BtfLog(log);
        int error = ReadHeader(raw, btfLog, out BtfHeader header);
        if (error == 0)
            error = CheckSections(raw, header, btfLog);
        if (error == 0)
            error = CheckStrings(raw, header, btfLog);
        if (error != 0)
            return error;
        if ((header.TypeOff & 3) != 0)
            return Fail(btfLog, "Unaligned type_off");
        if (header.TypeLen == 0)
            return Fail(btfLog, "No type found");
        error = BtfMetas.Check(raw, header, btfLog, out BtfTypes found);
        if (error == 0)
            error = BtfResolver.CheckAll(found, btfLog);
        if (error == 0)
            error = CheckTypeTags(found, btfLog);
        if (error == 0)
            types = found;
        return error;
    }

    /// <summary>Only finds the types of a blob that can be trusted (vmlinux): a few milliseconds for 5 MB.</summary>
    public static int ParseTrusted(byte[] raw, out BtfTypes? types)
    {
        types = null;
        var log = new BtfLog(null);
        int error = ReadHeader(raw, log, out BtfHeader header);
        if (error == 0)
            error = CheckSections(raw, header, log);
        if (error != 0)
            return error;
        return BtfMetas.Index(raw, header, out types);
    }

    private static int ReadHeader(byte[] raw, BtfLog log, out BtfHeader header)
    {
        header = default;
        if (raw.Length < 8)
            return Fail(log, "hdr_len not found");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(4));
        if ((uint)raw.Length < length)
            return Fail(log, "btf_header not found");
        if (length > HeaderLength && raw.AsSpan(HeaderLength, (int)length - HeaderLength).ContainsAnyExcept((byte)0))
        {
            log.Write("Unsupported btf_header");
            return -Errno.E2BIG;
        }

        // A header shorter than ours has zeros for what it lacks.
        Span<byte> copy = stackalloc byte[HeaderLength];
        raw.AsSpan(0, (int)Math.Min(length, HeaderLength)).CopyTo(copy);
        header = new BtfHeader(
            BinaryPrimitives.ReadUInt16LittleEndian(copy), copy[2], copy[3], BinaryPrimitives.ReadUInt32LittleEndian(copy[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(copy[8..]), BinaryPrimitives.ReadUInt32LittleEndian(copy[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(copy[16..]), BinaryPrimitives.ReadUInt32LittleEndian(copy[20..]));
        log.Header(header, raw.Length);
        if (header.Magic != Magic)
            return Fail(log, "Invalid magic");
        if (header.Version != 1)
            return Fail(log, "Unsupported version", Errno.ENOTSUPP);
        if (header.Flags != 0)
            return Fail(log, "Unsupported flags", Errno.ENOTSUPP);
        return raw.Length == header.Length ? Fail(log, "No data") : 0;
    }

    /// <summary>The two sections cover all that follows the header, without gap or overlap.</summary>
    private static int CheckSections(byte[] raw, in BtfHeader header, BtfLog log)
    {
        (uint Off, uint Len) first = (header.TypeOff, header.TypeLen), second = (header.StrOff, header.StrLen);
        // The order is that of the wrapped difference, as the kernel's comparison has it.
        int order = (int)(first.Off - second.Off);
        if ((order != 0 ? order : (int)(first.Len - second.Len)) > 0)
            (first, second) = (second, first);
        uint expected = (uint)raw.Length - header.Length, total = 0;
        foreach ((uint off, uint len) in ((uint, uint)[])[first, second])
        {
            if (expected < off)
                return Fail(log, "Invalid section offset");
            if (total < off)
                return Fail(log, "Unsupported section found");
            if (total > off)
                return Fail(log, "Section overlap found");
            if (expected - total < len)
                return Fail(log, "Total section length too long");
            total += len;
        }

        return expected != total ? Fail(log, "Unsupported section found") : 0;
    }

    private static int CheckStrings(byte[] raw, in BtfHeader header, BtfLog log)
    {
        long start = (long)header.Length + header.StrOff, end = start + header.StrLen;
        if (end != raw.Length)
            return Fail(log, "String section is not at the end");
        bool invalid = header.StrLen == 0 || header.StrLen - 1 > MaxNameOffset || raw[end - 1] != 0 || raw[start] != 0;
        return invalid ? Fail(log, "Invalid string section") : 0;
    }

    /// <summary>In a chain of qualifiers, type tags come first; chains end.</summary>
    private static int CheckTypeTags(BtfTypes types, BtfLog log)
    {
        for (uint id = 1; id < types.Count; id++)
        {
            BtfType type = types[id];
            bool inTags = type.Kind == BtfKind.TypeTag;
            for (int limit = 32; type.Kind.IsModifier(); limit--)
            {
                if (limit == 0)
                    return Fail(log, "Max chain length or cycle detected", Errno.ELOOP);
                if (type.Kind != BtfKind.TypeTag)
                    inTags = false;
                else if (!inTags)
                    return Fail(log, "Type tags don't precede modifiers");
                type = types[type.Type];
            }
        }

        return 0;
    }

    private static int Fail(BtfLog log, string complaint, int error = Errno.EINVAL)
    {
        log.Write(complaint);
        return -error;
    }
}
