using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Programs;

/// <summary>A program as it runs: instructions, and the graph of its blocks.</summary>
public static class ProgramDumps
{
    public static Ok<XlatedInfo> Xlated(HttpContext context, int id) => TypedResults.Ok(Instructions(Desk.Of(context), (uint)id));

    internal static XlatedInfo Instructions(Desk desk, uint id)
    {
        (byte[] bytes, Insn[] insns, _) = Read(desk, id);
        Dictionary<int, string> source = SourceLines.Of(desk, id);
        var lines = new List<InsnLine>(insns.Length);
        for (int i = 0; i < insns.Length; i += insns[i].Slots())
            lines.Add(new InsnLine(i, Hex.Of(bytes.AsSpan(8 * i, Math.Min(8 * insns[i].Slots(), bytes.Length - (8 * i)))), Disassembler.Line(insns, i), source.GetValueOrDefault(i)));
        return new XlatedInfo(Hex.Of(bytes), lines);
    }

    public static Ok<CfgInfo> Cfg(HttpContext context, int id)
    {
        (_, Insn[] insns, int[] subprograms) = Read(Desk.Of(context), (uint)id);
        return TypedResults.Ok(FlowGraph.Of(insns, subprograms));
    }

    public static Ok<XlatedInfo> Jited(HttpContext context, int id)
    {
        Desk.Of(context).Open(ObjectKind.Prog, (uint)id);
        throw ApiException.Gap("the machine code of programs");
    }

    private static (byte[] Bytes, Insn[] Insns, int[] Subprograms) Read(Desk desk, uint id)
    {
        int fd = desk.Open(ObjectKind.Prog, id);
        BpfProgram? program = desk.Object<BpfProgram>(fd);
        int[] subprograms = program is null ? [0] : [.. program.Verified.Subprogs.Select(s => s.Start)];
        program?.Put();
        var info = InfoCodec.Read(desk.Backend, desk.Memory.Arena, desk.Call(), fd, ObjectKind.Prog, out long ret);
        CallStatus.Check(ret, $"program {id}");
        byte[] bytes = Convert.FromHexString((string?)info!["xlated_prog_insns"] ?? "");
        if (bytes.Length == 0)
            throw new ApiException(403, "The kernel does not show the instructions to this caller.") { Error = Errno.EPERM };
        return (bytes, MemoryMarshal.Cast<byte, Insn>(bytes).ToArray(), subprograms);
    }
}
