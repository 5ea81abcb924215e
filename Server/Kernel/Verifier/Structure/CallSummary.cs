using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>What a helper call does with registers, by its prototype (get_call_summary).</summary>
/// <param name="Parameters">Registers R1 to this one are read.</param>
/// <param name="IsVoid">R0 is not set.</param>
/// <param name="Fastcall">The call is inlined and leaves the other caller-saved registers alone.</param>
public readonly record struct CallSummary(int Parameters, bool IsVoid, bool Fastcall)
{
    /// <summary>Null where nothing is known of the call; an unknown helper is reported by the walk.</summary>
    public static CallSummary? Of(VerifierEnv env, Insn call)
    {
        if (!Flow.IsHelperCall(call) || Flow.Helper(env, call.Imm) is not HelperProto proto)
            return null;
        int parameters = 0;
        while (parameters < 5 && proto.Arg(parameters) != ArgType.DontCare)
            parameters++;
        return new CallSummary(parameters, proto.Ret == RetType.Void, proto.AllowFastcall);
    }
}
