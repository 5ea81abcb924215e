using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Auth;
using WebBpf.Server.Persistence;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Keys of callers, for administrators. The text of a key is shown once.</summary>
public static class KeysApi
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/keys").WithTags("keys").AddEndpointFilter((context, next) =>
            Identity.Of(context.HttpContext).Administrator
                ? next(context)
                : throw new ApiException(403, "Keys are the administrator's business.") { Error = Errno.EPERM });
        group.MapGet("/", List).WithSummary("All keys, without their text.");
        group.MapPost("/", Create).Accepts<KeyRequest>("application/json").WithSummary("Makes a key; the answer is the only time it is shown.");
        group.MapDelete("/{id}", Delete).WithSummary("Revokes a key.");
    }

    private static async Task<Ok<IReadOnlyList<KeyInfo>>> List(HttpContext context, ApiKeyStore keys)
    {
        IReadOnlyList<KeyInfo> all = [.. (await keys.ListAsync(context.RequestAborted)).Select(k => Info(k, null))];
        return TypedResults.Ok(all);
    }

    private static async Task<Created<KeyInfo>> Create(HttpContext context, ApiKeyStore keys, BodyReader bodies)
    {
        KeyRequest request = await bodies.ReadAsync<KeyRequest>(context);
        if (request.Name is not { Length: > 0 and <= 64 })
            throw ApiException.Bad("name", "1 to 64 characters are expected.");
        Capabilities capabilities = CapabilityNames.Parse(request.Capabilities) ?? Capabilities.None;
        (ApiKeyRow row, string key) = await keys.CreateAsync(
            request.Name, capabilities, request.Uid ?? 1000, request.Administrator ?? false, context.RequestAborted);
        return TypedResults.Created($"/api/v1/keys/{row.Id}", Info(row, key));
    }

    private static async Task<NoContent> Delete(HttpContext context, ApiKeyStore keys, string id) =>
        await keys.DeleteAsync(id, context.RequestAborted) ? TypedResults.NoContent() : throw ApiException.NotFound($"There is no key '{id}'.");

    private static KeyInfo Info(ApiKeyRow k, string? key) =>
        new(k.Id, k.Name, CapabilityNames.Of((Capabilities)k.Capabilities), k.Uid, k.Administrator, k.CreatedAt, key);
}
