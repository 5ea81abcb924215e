using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Hosting;
using WebBpf.Server.Persistence;

namespace WebBpf.Server.Auth;

/// <summary>Keys by their SHA-256; a key is 256 random bits, so that a plain hash is enough. The text of a key is shown once and never kept.</summary>
public sealed class ApiKeyStore(IDbContextFactory<WebBpfDb> database, IOptions<AuthOptions> options)
{
    private readonly ConcurrentDictionary<string, Identity> _byHash = new();

    /// <summary>Reads the stored keys, and admits the one of <c>Auth:BootstrapKey</c> as administrator.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        await using WebBpfDb db = await database.CreateDbContextAsync(cancellation);
        foreach (ApiKeyRow row in await db.ApiKeys.AsNoTracking().ToListAsync(cancellation))
            _byHash[row.Hash] = ToIdentity(row);
        if (options.Value.BootstrapKey is { } bootstrap)
            _byHash[Hash(bootstrap)] = new Identity("bootstrap", "bootstrap", Capabilities.All, 0, Administrator: true);
        else if (options.Value.Mode == AuthMode.ApiKey && !_byHash.Values.Any(i => i.Administrator))
            throw new StartupException("Auth:Mode is ApiKey and there is no administrator's key yet. Set Auth:BootstrapKey.");
    }

    /// <summary>Whose key this is, or null.</summary>
    public Identity? Find(string key) => _byHash.GetValueOrDefault(Hash(key));

    public async Task<(ApiKeyRow Row, string Key)> CreateAsync(string name, Capabilities capabilities, uint uid, bool administrator, CancellationToken cancellation)
    {
        string key = "wbpf_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var row = new ApiKeyRow
        {
            Id = "k" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)),
            Name = name,
            Hash = Hash(key),
            Capabilities = (long)capabilities,
            Uid = uid,
            Administrator = administrator,
            CreatedAt = DateTimeOffset.UtcNow,
        };
        await using WebBpfDb db = await database.CreateDbContextAsync(cancellation);
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync(cancellation);
        _byHash[row.Hash] = ToIdentity(row);
        return (row, key);
    }

    public async Task<List<ApiKeyRow>> ListAsync(CancellationToken cancellation)
    {
        await using WebBpfDb db = await database.CreateDbContextAsync(cancellation);
        return await db.ApiKeys.AsNoTracking().OrderBy(k => k.Id).ToListAsync(cancellation);
    }

    /// <summary>False where there is no such key.</summary>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellation)
    {
        await using WebBpfDb db = await database.CreateDbContextAsync(cancellation);
        ApiKeyRow? row = await db.ApiKeys.FindAsync([id], cancellation);
        if (row is null)
            return false;
        db.ApiKeys.Remove(row);
        await db.SaveChangesAsync(cancellation);
        _byHash.TryRemove(row.Hash, out _);
        return true;
    }

    private static Identity ToIdentity(ApiKeyRow row) => new(row.Id, row.Name, (Capabilities)row.Capabilities, row.Uid, row.Administrator);

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
