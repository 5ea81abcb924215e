using System.Reflection;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Interpreter;

/// <summary>The body of a helper as a delegate.</summary>
public delegate ulong HelperBody(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5);

/// <summary>What each call instruction of a program leads to, resolved once.</summary>
internal sealed class CallSites
{
    private readonly HelperBody?[] _helpers;
    private readonly Dictionary<int, int> _subprogByStart = [];

    public CallSites(VerifiedProgram program)
    {
        var known = new Dictionary<int, HelperBody>();
        _helpers = new HelperBody?[program.Insns.Length];
        for (int i = 0; i < program.Insns.Length; i++)
        {
            Insn insn = program.Insns[i];
            if (insn.IsLdImm64)
            {
                i++;
                continue;
            }

            if (insn.Code != (Op.Jmp | Op.Call) || insn.Src == Op.PseudoCall)
                continue;
            int key = insn.Src == Op.PseudoKfuncCall ? -1 : insn.Imm;
            if (!known.TryGetValue(key, out HelperBody? body))
                known.Add(key, body = Resolve(key));
            _helpers[i] = body;
        }

        for (int i = 0; i < program.Subprogs.Length; i++)
            _subprogByStart.Add(program.Subprogs[i].Start, i);
    }

    /// <summary>The body called by the instruction at an index.</summary>
    public HelperBody Helper(int insn) => _helpers[insn]!;

    /// <summary>Index of the subprogram that starts at an instruction.</summary>
    public int SubprogAt(int start) => _subprogByStart[start];

    private static HelperBody Resolve(int id)
    {
        MethodInfo? method = HelperRegistry.Body((BpfFuncId)id);
        return method is null ? MissingBody.Call : method.CreateDelegate<HelperBody>();
    }
}
