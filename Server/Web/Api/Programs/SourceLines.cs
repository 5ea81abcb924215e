using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Server.Api.Programs;

/// <summary>The C lines of a program by the instruction at which each begins.</summary>
public static class SourceLines
{
    /// <summary>Empty for a program without line info.</summary>
    public static Dictionary<int, string> Of(Desk desk, uint id)
    {
        var lines = new Dictionary<int, string>();
        int fd = desk.Open(ObjectKind.Prog, id);
        BpfProgram? program = desk.Object<BpfProgram>(fd);
        if (program is null)
            return lines;
        using var held = new KernelReference(program);
        if (program.Btf is { } btf)
        {
            foreach (LineInfo line in program.Verified.Lines)
            {
                string text = btf.Types.String(line.LineOff).Trim();
                if (text.Length > 0)
                    lines.TryAdd((int)line.InsnOff, text);
            }
        }

        desk.Close(fd);
        return lines;
    }
}
