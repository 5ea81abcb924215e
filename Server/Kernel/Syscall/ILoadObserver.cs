namespace WebBpf.Kernel.Syscall;

/// <summary>Hears of one program load while it happens. Called on the loading thread: implementations must not block.</summary>
public interface ILoadObserver
{
    /// <summary>Log text of the verifier, as it is written (whole lines or parts of one), at the level that was asked for.</summary>
    void OnLog(ReadOnlySpan<char> text);

    /// <summary>How far the walk is; at most every few thousand instructions.</summary>
    void OnProgress(uint insnsProcessed, uint totalStates);

    /// <summary>The call could not be answered because of a gap of ours (not a judgement): what is missing, in words.</summary>
    void OnNotImplemented(string what);

    /// <summary>The verdict on a program, once it is known.</summary>
    void OnVerdict(Verifier.Verdict verdict);
}
