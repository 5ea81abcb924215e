using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>Which id of an old state stands for which id of the current one while two states are compared (check_ids).</summary>
internal sealed class IdMap
{
    // 600 in the kernel: (registers + slots) of all frames.
    private const int Capacity = (11 + FuncState.MaxStackSlots) * VerifierState.MaxFrames;

    private readonly uint[] _old = new uint[Capacity];
    private readonly uint[] _current = new uint[Capacity];
    private int _count;
    private uint _temporary;

    public void Reset(uint lastId)
    {
        _count = 0;
        _temporary = lastId;
    }

    /// <summary>Both absent, or mapped to each other and nothing else.</summary>
    public bool Match(uint old, uint current)
    {
        if ((old != 0) != (current != 0))
            return false;
        if (old == 0)
            return true;
        for (int i = 0; i < _count; i++)
        {
            if (_old[i] == old)
                return _current[i] == current;
            if (_current[i] == current)
                return false;
        }

        if (_count == Capacity)
            return false;
        _old[_count] = old;
        _current[_count++] = current;
        return true;
    }

    /// <summary>As <see cref="Match"/>, where a scalar without an id counts as one with an id of its own (check_scalar_ids).</summary>
    public bool MatchScalar(uint old, uint current)
    {
        old = old != 0 ? old : ++_temporary;
        current = current != 0 ? current : ++_temporary;
        return Match(old, current);
    }
}
