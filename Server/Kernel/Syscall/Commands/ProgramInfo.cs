using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>struct bpf_prog_info, as bpf_prog_get_info_by_fd in kernel/bpf/syscall.c, 6.18.</summary>
internal static class ProgramInfo
{
    private const int FuncInfoSize = 8;
    private const int LineInfoSize = 16;
    private const int JitedLineInfoSize = 8;

    public static int Fill(InfoRoom info, BpfProgram program, bool bpfCapable)
    {
        info.Set(0, (uint)program.Type);
        info.Set(4, program.Id);
        info.Set(8, program.Tag.AsSpan(0, 8));
        info.Set(40, (ulong)program.LoadTimeNs);
        info.Set(48, program.CreatedByUid);
        Span<byte> name = stackalloc byte[16];
        name.Clear();
        Encoding.ASCII.GetBytes(program.Name, name);
        info.Set(64, name);
        info.Set(84, program.Facts.GplCompatible ? 1u : 0);

        byte[] mapIds = new byte[program.Verified.UsedMaps.Length * 4];
        for (int i = 0; i < program.Verified.UsedMaps.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(mapIds.AsSpan(i * 4), program.Verified.UsedMaps[i].Id);
        if (!info.Array(52, 56, mapIds, 4))
            return -Errno.EFAULT;
        if (!RecordSizes(info))
            return -Errno.EINVAL;

        info.Set(192, program.Statistics.Nanoseconds);
        info.Set(200, program.Statistics.Runs);
        info.Set(208, program.Statistics.RecursionMisses);
        info.Set(216, program.VerifierStats.InsnsProcessed);
        info.Set(128, program.Btf?.Id ?? 0);
        if (!bpfCapable)
        {
            foreach (int count in new[] { 16, 20, 104, 108, 144, 148, 168 })
                info.Set(count, 0u);
            return 0;
        }

        return Code(info, program) ? 0 : -Errno.EFAULT;
    }

    // set_info_rec_size: a caller who wants records says how large he thinks they are.
    private static bool RecordSizes(InfoRoom info)
    {
        foreach ((int count, int size, uint known) in new[] { (144, 132, 8u), (148, 172, 16u), (168, 176, 8u) })
        {
            if ((info.U32(count) != 0 || info.U32(size) != 0) && info.U32(size) != known)
                return false;
        }

        info.Set(132, FuncInfoSize);
        info.Set(172, LineInfoSize);
        info.Set(176, JitedLineInfoSize);
        return true;
    }

    private static bool Code(InfoRoom info, BpfProgram program)
    {
        VerifiedProgram verified = program.Verified;
        int functions = verified.Subprogs.Length;
        if (!info.Array(20, 32, XlatedDump.Of(verified), 1) || !info.Array(16, 24, [], 1))
            return false;

        // Compiled code lives in the runtime: there is an entry per function, without an address that means anything outside.
        byte[] nothing = new byte[functions * 8];
        if (!info.Array(104, 112, nothing, 8) || !info.Array(108, 120, nothing.AsSpan(0, functions * 4), 4))
            return false;
        info.Set(220, 0u);
        info.Set(224, program.Facts.AttachBtfId);
        ReadOnlySpan<byte> funcs = MemoryMarshal.AsBytes(verified.Funcs.AsSpan());
        ReadOnlySpan<byte> lines = MemoryMarshal.AsBytes(verified.Lines.AsSpan());
        byte[] tags = new byte[functions * 8];
        for (int i = 0; i < functions; i++)
            program.Tag.AsSpan(0, 8).CopyTo(tags.AsSpan(i * 8));
        return info.Array(144, 136, funcs, FuncInfoSize) && info.Array(148, 152, lines, LineInfoSize)
            && info.Array(168, 160, [], JitedLineInfoSize) && info.Array(180, 184, tags, 8);
    }
}
