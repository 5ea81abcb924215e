namespace WebBpf.Server.Persistence;

/// <summary>One change of the stored state. Changes are applied in the order in which the kernel made them.</summary>
public abstract record StoreChange;

public sealed record MapElementWritten(uint MapId, byte[] Key, byte[] Value) : StoreChange;

public sealed record MapElementDeleted(uint MapId, byte[] Key) : StoreChange;

public sealed record MapFrozen(uint MapId) : StoreChange;

/// <summary>A map became durable (or its definition is known anew); its entries follow as <see cref="MapElementWritten"/>.</summary>
public sealed record MapSaved(MapRow Row) : StoreChange;

public sealed record ProgramSaved(ProgramRow Row) : StoreChange;

public sealed record BtfSaved(BtfRow Row) : StoreChange;

/// <summary>No pin reaches the object any more.</summary>
public sealed record ObjectForgotten(string Kind, uint Id) : StoreChange;

public sealed record NodeSaved(BpffsRow Row) : StoreChange;

public sealed record NodeRemoved(string Path) : StoreChange;

/// <summary>A file or a directory with everything below it has a new path.</summary>
public sealed record NodeRenamed(string From, string To) : StoreChange;
