namespace WebBpf.Kernel.Objects;

/// <summary>What an open file may be used for (FMODE_CAN_READ, FMODE_CAN_WRITE): only maps are ever opened with less than both.</summary>
[Flags]
public enum FdAccess
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,
}
