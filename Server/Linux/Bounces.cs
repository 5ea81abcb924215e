using System.Buffers.Binary;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Linux;

/// <summary>Copies of user data that the machine's kernel gets in place of the data: because they hold descriptors or pointers, or have no known length.</summary>
internal sealed class Bounces(IUserMemory memory) : IDisposable
{
    // Larger data than any command takes is not copied: the kernel refuses it for its size before it reads it.
    private const ulong MaxBytes = 1 << 28;

    private readonly List<byte[]> _kept = [];
    private readonly List<(byte[] Copy, ulong Address, int Size, AttrField? Length)> _back = [];
    private (byte[] Copy, ulong Address, int Size)? _info;

    public delegate void Edit(Span<byte> bytes);

    /// <summary>A copy of input data, edited; a pointer that faults where the data is not the caller's.</summary>
    public ulong In(ulong address, ulong length, Edit edit)
    {
        if (length > MaxBytes)
            return AttrTranslation.BadPointer;
        byte[] copy = Pinned((int)length);
        if (!memory.TryRead(address, copy.AsSpan(0, (int)length)))
            return AttrTranslation.BadPointer;
        edit(copy.AsSpan(0, (int)length));
        return Address(copy);
    }

    /// <summary>Room for output whose length only the kernel knows; it says it in a field of the attr.</summary>
    public ulong Out(ulong address, ulong room, string lengthField, AttrCommand command)
    {
        byte[] copy = Pinned((int)Math.Min(room, MaxBytes));
        _back.Add((copy, address, copy.Length, command.Find(lengthField)));
        return Address(copy);
    }

    /// <summary>A copy of an info struct: the pointers inside it are checked like those of the attr.</summary>
    public ulong Info(ulong address, uint length, ObjectKind kind)
    {
        (IReadOnlyList<AttrField> fields, int size) = InfoTable.Of(kind);
        if (size == 0 || length > Environment.SystemPageSize)
            return memory.Covers(address, length) ? address : AttrTranslation.BadPointer;
        byte[] copy = Pinned(Math.Max(size, (int)length));
        if (!memory.TryRead(address, copy.AsSpan(0, (int)length)))
            return AttrTranslation.BadPointer;

        // Link infos are unions; what they point to is left out.
        if (kind == ObjectKind.Link)
            copy.AsSpan(16, Math.Max(0, Math.Min((int)length, size) - 16)).Clear();
        foreach (AttrField field in fields.Where(f => f.IsPointer))
            CheckPointer(copy, fields, field);
        _info = (copy, address, (int)length);
        return Address(copy);
    }

    /// <summary>Brings outputs to the caller; 0 or EFAULT.</summary>
    public long CopyBack(byte[] attr, long result)
    {
        bool fine = true;
        foreach ((byte[] copy, ulong address, int size, AttrField? length) in _back)
        {
            uint written = BinaryPrimitives.ReadUInt32LittleEndian(attr.AsSpan(length!.Offset));
            if (result >= 0 || result == -Errno.ENOSPC)
                fine &= memory.TryWrite(address, copy.AsSpan(0, (int)Math.Min(written, (uint)size)));
        }

        if (_info is { } info && result >= 0)
            fine &= memory.TryWrite(info.Address, info.Copy.AsSpan(0, info.Size));
        return fine ? 0 : -Errno.EFAULT;
    }

    public void Dispose() => _kept.Clear();

    private void CheckPointer(byte[] copy, IReadOnlyList<AttrField> fields, AttrField field)
    {
        ulong pointer = BinaryPrimitives.ReadUInt64LittleEndian(copy.AsSpan(field.Offset));
        if (pointer == 0)
            return;
        ulong length = Value(copy, fields, field.Count!) * (ulong)field.Element;
        if (!memory.Covers(pointer, length))
            BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(field.Offset), AttrTranslation.BadPointer);
    }

    private static ulong Value(byte[] copy, IReadOnlyList<AttrField> fields, string name) =>
        BinaryPrimitives.ReadUInt32LittleEndian(copy.AsSpan(fields.Single(f => f.Name == name).Offset));

    private byte[] Pinned(int length)
    {
        // At least one byte, so that the address is one.
        byte[] copy = GC.AllocateArray<byte>(Math.Max(1, length), pinned: true);
        _kept.Add(copy);
        return copy;
    }

    private static ulong Address(byte[] copy) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(copy, 0);
}
