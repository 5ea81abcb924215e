using System.Buffers.Binary;

namespace WebBpf.Linux;

/// <summary>File descriptors inside instructions: 64-bit loads of maps, map values and kernel symbols, kfunc calls.</summary>
internal static class InsnFds
{
    /// <summary>No program may be longer (BPF_COMPLEXITY_LIMIT_INSNS).</summary>
    public const int MaxInsns = 1_000_000;

    private const byte LoadImm64 = 0x18;
    private const byte Call = 0x85;

    // src_reg of a 64-bit load, as linux/bpf.h.
    private const int MapFd = 1;
    private const int MapValue = 2;
    private const int BtfId = 3;
    private const int MapIndex = 5;
    private const int MapIndexValue = 6;

    // src_reg of a call.
    private const int KfuncCall = 2;

    /// <summary>Translates every descriptor in a copy of the instructions.</summary>
    public static void Translate(Span<byte> insns, FdTranslation fds)
    {
        for (int at = 0; at + 16 <= insns.Length; at += 8)
        {
            if (insns[at] != LoadImm64)
                continue;
            switch (insns[at + 1] >> 4)
            {
                case MapFd or MapValue:
                    fds.InPlace(insns[(at + 4)..]);
                    break;
                case BtfId:
                    fds.InPlace(insns[(at + 12)..]);
                    break;
            }

            at += 8;
        }
    }

    /// <summary>How many elements of fd_array the instructions refer to.</summary>
    public static ulong HighestIndex(ReadOnlySpan<byte> insns)
    {
        uint count = 0;
        for (int at = 0; at + 8 <= insns.Length; at += 8)
        {
            int source = insns[at + 1] >> 4;
            if (insns[at] == LoadImm64 && source is MapIndex or MapIndexValue)
                count = Math.Max(count, BinaryPrimitives.ReadUInt32LittleEndian(insns[(at + 4)..]) + 1);
            else if (insns[at] == Call && source == KfuncCall)
                count = Math.Max(count, BinaryPrimitives.ReadUInt16LittleEndian(insns[(at + 2)..]) + 1u);
            if (insns[at] == LoadImm64)
                at += 8;
        }

        return count;
    }
}
