using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>
/// Call instructions that lead to a frame, and one number more at the end (the function's start, or a loop's number): the key under which facts about
/// "this function, called from there" are kept. Eight 32-bit numbers.
/// </summary>
internal readonly record struct CallChain(int Depth, ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>The chain of call sites to a frame, ended by <paramref name="last"/>.</summary>
    public static CallChain Of(VerifierState state, int frame, int last)
    {
        CallChain chain = new(frame, 0, 0, 0, 0);
        for (int i = 0; i < frame; i++)
            chain = chain.With(i, state.Frames[i + 1]!.CallSite);
        return chain.With(frame, last);
    }

    public int this[int i]
    {
        get
        {
            ulong word = (i >> 1) switch { 0 => A, 1 => B, 2 => C, _ => D };
            return (int)(word >> ((i & 1) * 32));
        }
    }

    /// <summary>The chain of the caller, ended by the start of the calling function.</summary>
    public CallChain Outer(int callerStart)
    {
        CallChain outer = With(Depth, 0);
        return (outer with { Depth = Depth - 1 }).With(Depth - 1, callerStart);
    }

    public override string ToString()
    {
        CallChain chain = this;
        return $"({string.Join(',', Enumerable.Range(0, Depth + 1).Select(i => chain[i]))})";
    }

    private CallChain With(int i, int value)
    {
        int shift = (i & 1) * 32;
        ulong mask = ~(0xffff_ffffUL << shift), bits = (ulong)(uint)value << shift;
        return (i >> 1) switch
        {
            0 => this with { A = (A & mask) | bits },
            1 => this with { B = (B & mask) | bits },
            2 => this with { C = (C & mask) | bits },
            _ => this with { D = (D & mask) | bits },
        };
    }
}
