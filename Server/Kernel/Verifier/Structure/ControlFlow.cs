using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Depth-first search over all edges, also those into called functions: every instruction must be reached, and no jump may
/// hit the second slot of a 64-bit load. On the way it marks where the walk prunes and records jumps. As check_cfg, visit_insn and push_insn
/// in kernel/bpf/verifier.c (6.18), with their order of edges.
/// </summary>
public sealed class ControlFlow
{
    private const byte Discovered = 0x10;
    private const byte Explored = 0x20;
    private const byte FallThrough = 1;
    private const byte Jump = 2;

    // Results of one visit beside a negative errno.
    private const int Done = 0;
    private const int Keep = 1;

    private readonly VerifierEnv _env;
    private readonly byte[] _state;
    private readonly int[] _stack;
    private int _depth;

    private ControlFlow(VerifierEnv env)
    {
        _env = env;
        _state = new byte[env.Insns.Length];
        _stack = new int[env.Insns.Length];
    }

    public static int Run(VerifierEnv env)
    {
        var search = new ControlFlow(env);
        int error = search.Explore();
        return error != 0 ? error : search.CheckAllReached();
    }

    private int Explore()
    {
        _state[0] = Discovered;
        _stack[0] = 0;
        _depth = 1;
        while (_depth > 0)
        {
            int i = _stack[_depth - 1];
            int result = Visit(i);
            if (result < 0)
                return result;
            if (result == Done)
            {
                _state[i] = Explored;
                _depth--;
            }
        }

        return 0;
    }

    private int CheckAllReached()
    {
        for (int i = 0; i < _env.Insns.Length; i++)
        {
            if (_state[i] != Explored)
            {
                _env.Log.Write($"unreachable insn {i}\n");
                return -Errno.EINVAL;
            }

            if (!_env.Insns[i].IsLdImm64)
                continue;
            if (_state[i + 1] != 0)
            {
                _env.Log.Write($"jump into the middle of ldimm64 insn {i}\n");
                return -Errno.EINVAL;
            }

            i++;
        }

        return 0;
    }

    private int Visit(int i)
    {
        Insn insn = _env.Insns[i];
        if (Flow.IsCallback(insn))
            return VisitCall(i, true);
        if (insn.Class is not (Op.Jmp or Op.Jmp32))
            return Push(i, i + Flow.Slots(insn), FallThrough);

        int result;
        switch (Op.Code(insn.Code))
        {
            case Op.Exit:
                return Done;
            case Op.Call:
                if (insn.Src == 0)
                    MarkHelperCall(i, insn);
                return VisitCall(i, insn.Src == Op.PseudoCall);
            case Op.Ja:
                int target = i + Flow.JumpOffset(insn) + 1;
                result = Push(i, target, FallThrough);
                if (result == Done)
                    Mark(target, InsnAuxFlags.PrunePoint | InsnAuxFlags.JumpPoint);
                return result;
            default:
                Mark(i, InsnAuxFlags.PrunePoint);
                if (Flow.IsMayGoto(insn))
                    Mark(i, InsnAuxFlags.ForceCheckpoint);
                result = Push(i, i + 1, FallThrough);
                return result != Done ? result : Push(i, i + insn.Off + 1, Jump);
        }
    }

    private void MarkHelperCall(int i, Insn insn)
    {
        // A call that takes a callback is visited again and again: states are compared right before it.
        if (Flow.DefersCallback(insn.Imm))
            Mark(i, InsnAuxFlags.PrunePoint);
        if (Flow.RunsCallback(insn.Imm))
            Mark(i, InsnAuxFlags.CallsCallback | InsnAuxFlags.ForceCheckpoint | InsnAuxFlags.PrunePoint | InsnAuxFlags.JumpPoint);
        if (Flow.Helper(_env, insn.Imm) is not HelperProto proto)
            return;
        SubprogInfo subprog = _env.Subprogs[_env.FindSubprog(i)];
        subprog.MightSleep |= proto.MightSleep;
        subprog.ChangesPacketData |= proto.ChangesPacketData;
    }

    private int VisitCall(int i, bool visitCallee)
    {
        int next = i + Flow.Slots(_env.Insns[i]);
        int result = Push(i, next, FallThrough);
        if (result != Done)
            return result;
        // Execution comes back here from elsewhere.
        Mark(next, InsnAuxFlags.PrunePoint | InsnAuxFlags.JumpPoint);
        if (!visitCallee)
            return Done;

        int target = i + _env.Insns[i].Imm + 1;
        Mark(i, InsnAuxFlags.PrunePoint);
        SubprogInfo caller = _env.Subprogs[_env.FindSubprog(i)], callee = _env.Subprogs[_env.FindSubprog(target)];
        caller.ChangesPacketData |= callee.ChangesPacketData;
        caller.MightSleep |= callee.MightSleep;
        return Push(i, target, Jump);
    }

    /// <summary>Follows the edge from <paramref name="from"/> to <paramref name="to"/> unless it was followed before.</summary>
    private int Push(int from, int to, byte edge)
    {
        if (_state[from] >= (Discovered | edge))
            return Done;
        if (to < 0 || to >= _env.Insns.Length)
        {
            _env.Log.Write($"jump out of range from insn {from} to {to}\n");
            return -Errno.EINVAL;
        }

        if (edge == Jump)
            Mark(to, InsnAuxFlags.PrunePoint | InsnAuxFlags.JumpPoint);
        if (_state[to] == 0)
        {
            _state[from] = (byte)(Discovered | edge);
            _state[to] = Discovered;
            if (_depth >= _stack.Length)
                return -Errno.E2BIG;
            _stack[_depth++] = to;
            return Keep;
        }

        if ((_state[to] & 0xf0) == Discovered)
        {
            if (_env.Request.Program.BpfCapable)
                return Done;
            _env.Log.Write($"back-edge from insn {from} to {to}\n");
            return -Errno.EINVAL;
        }

        _state[from] = (byte)(Discovered | edge);
        return Done;
    }

    private void Mark(int i, InsnAuxFlags flags) => _env.Aux[i].Flags |= flags;
}
